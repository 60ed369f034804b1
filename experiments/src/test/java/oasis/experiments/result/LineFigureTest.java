// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.io.ByteArrayInputStream;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import oasis.experiments.result.LineFigure.Axes;
import oasis.experiments.result.LineFigure.Line;
import oasis.experiments.result.LineFigure.Mark;
import oasis.experiments.result.LineFigure.Point;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class LineFigureTest {
  @Test
  void everyPointAndEveryMarkIsDrawn() throws Exception {
    for (boolean logarithmic : new boolean[] {false, true}) {
      List<Point> points = List.of(new Point(0.1, -1), new Point(2, 3), new Point(300, 50));
      String svg =
          LineFigure.svg(
              "Title <&>",
              "remark",
              new Axes("x", "y", logarithmic),
              List.of(new Line("a & b", points), new Line("none", List.of())),
              List.of(new Mark("paper", new Point(10, 20))));
      Document document =
          DocumentBuilderFactory.newInstance()
              .newDocumentBuilder()
              .parse(new ByteArrayInputStream(svg.getBytes(UTF_8)));
      assertThat(document.getElementsByTagName("circle").getLength()).isEqualTo(4);
    }
  }

  @Test
  void aLinearAxisHasZeroAndNegativeValuesInIt() {
    Axis axis = Axis.of(List.of(-3.0, 1.0), false);
    assertThat(axis.ticks()).contains(-3.0, -2.0, 0.0, 1.0);
    assertThat(axis.fraction(-3)).isZero();
    assertThat(axis.fraction(-1)).isCloseTo(0.5, offset(1e-9));
    assertThat(Axis.of(List.of(0.0), false).fraction(0)).isZero();
    assertThat(Axis.of(List.of(4.0, 2.0), false).low()).isZero();
  }

  @Test
  void percentilesAreThoseOfTheSortedList() {
    List<Double> numbers = List.of(5.0, 1.0, 4.0, 2.0, 3.0);
    assertThat(Numbers.percentile(numbers, 0)).isEqualTo(1);
    assertThat(Numbers.percentile(numbers, 20)).isEqualTo(1);
    assertThat(Numbers.percentile(numbers, 21)).isEqualTo(2);
    assertThat(Numbers.percentile(numbers, 100)).isEqualTo(5);
    assertThat(Numbers.percentile(List.of(), 50)).isNaN();
    assertThat(Numbers.mean(numbers)).isEqualTo(3);
  }
}
