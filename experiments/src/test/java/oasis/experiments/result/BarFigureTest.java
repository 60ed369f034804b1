// SPDX-License-Identifier: Apache-2.0
package oasis.experiments.result;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class BarFigureTest {
  private static Document drawn(boolean logarithmic, List<List<Double>> rounds) throws Exception {
    BarFigure figure = new BarFigure("Title <&>", "remark");
    figure.add(
        new BarFigure.Panel(
            "panel",
            logarithmic,
            List.of("up", "down"),
            List.of(new BarFigure.Row("a & b", rounds))));
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(figure.svg().getBytes(UTF_8)));
  }

  private static long bars(Document document) {
    // One is the background, two are the legend.
    return document.getElementsByTagName("rect").getLength() - 3L;
  }

  @Test
  void everySeriesWithValuesHasABar() throws Exception {
    for (boolean logarithmic : new boolean[] {false, true}) {
      assertThat(bars(drawn(logarithmic, List.of(List.of(1.0, 3.0, 2.0), List.of(40_000.0)))))
          .isEqualTo(2);
      assertThat(bars(drawn(logarithmic, List.of(List.of(), List.of(0.0))))).isEqualTo(1);
    }
  }

  @Test
  void aPanelWithoutValuesIsLeftOut() throws Exception {
    assertThat(drawn(false, List.of(List.of(), List.of())).getElementsByTagName("rect").getLength())
        .isEqualTo(1);
  }

  @Test
  void aBarIsAsLongAsItsMedian() throws Exception {
    Document document = drawn(false, List.of(List.of(10.0, 90.0, 50.0), List.of(100.0)));
    double half = width(document, 3);
    double whole = width(document, 4);
    assertThat(half * 2).isBetween(whole - 0.2, whole + 0.2);
  }

  private static double width(Document document, int index) {
    return Double.parseDouble(
        document
            .getElementsByTagName("rect")
            .item(index)
            .getAttributes()
            .getNamedItem("width")
            .getNodeValue());
  }
}
