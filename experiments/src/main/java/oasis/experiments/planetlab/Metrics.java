// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.planetlab;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import oasis.experiments.planetlab.Step.Load;
import oasis.experiments.planetlab.Step.Sample;
import oasis.experiments.result.Numbers;
import oasis.experiments.result.Series;

/** The values of a run, from its raw data. */
final class Metrics {
  private static final double BYTES_PER_GB = 1e9;

  private Metrics() {}

  /**
   * Of each part {@code failed}, checks, {@code corrupted_bytes} and {@code kernel_answers}. Of
   * each proxy the median in a round of {@code mbit_down}, {@code mbit_up}, {@code first_byte_ms},
   * {@code cpu_s_per_gb} of its own process and {@code machine_s_per_gb} of the whole machine, and
   * those of the port over those of tinyproxy.
   */
  static Series series(List<Step> steps) {
    Series series = new Series();
    for (Step step : steps) {
      String part = step.part().word();
      series.put(part, "failed", step.round(), (double) step.failed());
      series.put(part, "corrupted_bytes", step.round(), (double) step.corruptedBytes());
      double answers = step.silence().resets() + step.silence().openings();
      series.put(part, "kernel_answers", step.round(), answers);
      step.numbers().forEach((name, number) -> series.put(part, name, step.round(), number));
      if (step.part() == Part.COST) {
        putCosts(series, step);
      }
    }
    return series;
  }

  private static void putCosts(Series series, Step step) {
    for (Load load : Load.values()) {
      String name = load == Load.PAGE ? "first_byte_ms" : "mbit_" + load.word();
      put(series, step, load, name, Sample::value);
      if (load != Load.PAGE) {
        put(series, step, load, "machine_s_per_gb_" + load.word(), Metrics::machineSPerGb);
        put(series, step, load, "cpu_s_per_gb_" + load.word(), Metrics::cpuSPerGb);
      }
    }
  }

  private static void put(
      Series series, Step step, Load load, String name, ToDoubleFunction<Sample> value) {
    double port = Double.NaN;
    for (Proxy proxy : Proxy.values()) {
      double median = Numbers.median(values(step, proxy, load, value));
      if (!Double.isNaN(median) && !(proxy == Proxy.NONE && name.startsWith("cpu"))) {
        series.put(proxy.word(), name, step.round(), median);
      }
      if (proxy == Proxy.PORT) {
        port = median;
      } else if (proxy == Proxy.TINYPROXY && !Double.isNaN(port / median)) {
        series.put(Proxy.PORT.word(), name + "/tinyproxy", step.round(), port / median);
      }
    }
  }

  /** What was measured of a proxy, sample by sample. */
  static List<Double> values(Step step, Proxy proxy, Load load, ToDoubleFunction<Sample> value) {
    List<Double> values = new ArrayList<>();
    for (Sample sample : step.samples()) {
      if (sample.proxy() == proxy && sample.load() == load) {
        values.add(value.applyAsDouble(sample));
      }
    }
    return values;
  }

  private static double machineSPerGb(Sample sample) {
    return sample.machineS() * BYTES_PER_GB / sample.bytes();
  }

  private static double cpuSPerGb(Sample sample) {
    return sample.proxyS() * BYTES_PER_GB / sample.bytes();
  }
}
