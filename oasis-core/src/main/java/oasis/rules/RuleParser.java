// SPDX-License-Identifier: Apache-2.0
package oasis.rules;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import oasis.rules.RuleWords.Word;
import org.jspecify.annotations.Nullable;

/**
 * Reads the text of a rule:
 *
 * <pre>
 * rule    := term { ["and"] term } OVERLAY [metric] ["else" ("underlay" | "next" | "block")]
 * term    := ["not"] ("name:" (GLOB | "/" REGEX "/") | "tcp" | "udp" | "icmp" | "any"
 *            | ("dport" | "sport") RANGE {"," RANGE} | ("dst" | "src") PREFIX {"," PREFIX}
 *            | "uid" RANGE {"," RANGE} | "cgroup" PATH)
 * metric  := part { "and" part }
 * part    := "minimize" QUANTITY | "maximize" QUANTITY | QUANTITY "&lt;=" LIMIT
 * </pre>
 */
final class RuleParser {
  static final String NAME = "name:";

  private static final Set<String> OTHER_KEYWORDS =
      Set.of("and", "not", "else", "minimize", "maximize", "next", "block");

  /** Words that somebody may try for a program. */
  private static final Set<String> OTHER_PROGRAM_TERMS = Set.of("user", "group", "gid", "program");

  private static final String TERMS =
      "name:PATTERN, tcp, udp, icmp, any, dport, sport, dst, src, uid or cgroup";

  private final RuleWords words;

  private RuleParser(RuleWords words) {
    this.words = words;
  }

  static Rule parse(String text) throws RuleException {
    return new RuleParser(RuleWords.of(text)).rule();
  }

  private Rule rule() throws RuleException {
    Subset subset = subset();
    Word overlay = words.next("the overlay is missing: write SUBSET OVERLAY [METRIC]");
    String fault = overlayFault(overlay.text());
    if (fault != null) {
      throw new RuleException(overlay.column(), fault);
    }
    Metric metric = Metric.NONE;
    if (words.hasNext() && !words.peek().equals("else")) {
      metric = new MetricParser(words, overlay.text()).metric();
    }
    Otherwise otherwise = Otherwise.UNDERLAY;
    if (words.hasNext()) {
      int elseColumn = words.column();
      otherwise = otherwise();
      if (overlay.text().equals(Rule.UNDERLAY) && metric.equals(Metric.NONE)) {
        throw new RuleException(elseColumn, "the underlay always serves: remove 'else'");
      }
    }
    if (words.hasNext()) {
      throw words.wrong("'" + words.peek() + "' is too much: a rule ends behind 'else'");
    }
    return new Rule(subset, overlay.text(), metric, otherwise);
  }

  private Otherwise otherwise() throws RuleException {
    words.next();
    String choices = "write else underlay, else next or else block";
    Word word = words.next("nothing stands behind 'else': " + choices);
    return switch (word.text()) {
      case "underlay" -> Otherwise.UNDERLAY;
      case "next" -> Otherwise.NEXT;
      case "block" -> Otherwise.BLOCK;
      default ->
          throw new RuleException(
              word.column(), "'" + word.text() + "' cannot stand behind 'else': " + choices);
    };
  }

  /** What is wrong with an overlay's name, or null. */
  static @Nullable String overlayFault(String name) {
    if (OTHER_PROGRAM_TERMS.contains(name)) {
      return "'"
          + name
          + "' is not part of rules: write uid NUMBER or cgroup PATH for certain programs";
    }
    if (name.equals("or")) {
      return "'or' is not part of rules: write two rules";
    }
    if (isTerm(name) || OTHER_KEYWORDS.contains(name)) {
      return "'" + name + "' is a word of the rule language: an overlay's name stands here";
    }
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,62}")) {
      return "'"
          + name
          + "' is no overlay name and no term: write "
          + TERMS
          + ", or an overlay's name of letters, digits and . _ -";
    }
    return null;
  }

  private Subset subset() throws RuleException {
    List<Term> terms = new ArrayList<>();
    int column = words.column();
    boolean more = isTermAhead();
    if (!more) {
      throw words.wrong(noSubset());
    }
    while (more) {
      int termColumn = words.column();
      Term term = term();
      if (terms.stream().anyMatch(other -> isMixed(term, other))) {
        throw new RuleException(
            termColumn, "a subset is either about names or about headers: write two rules");
      }
      terms.add(term);
      more = isTermAhead();
      if (words.peek().equals("and")) {
        words.next();
        if (!isTermAhead()) {
          throw words.wrong("no term stands behind 'and': write " + TERMS);
        }
        more = true;
      }
    }
    Subset subset = new Subset(terms);
    if (subset.neverMatches()) {
      throw new RuleException(
          column, "no packet can match: terms in a row must all hold; write a rule for each");
    }
    return subset;
  }

  /** Whether one term is about names and the other about headers; programs go with both. */
  private static boolean isMixed(Term a, Term b) {
    return !(a instanceof Term.Program)
        && !(b instanceof Term.Program)
        && (a instanceof Term.Name) != (b instanceof Term.Name);
  }

  private String noSubset() {
    if (!words.hasNext()) {
      return "the rule is empty: write SUBSET OVERLAY [METRIC]";
    }
    String word = words.peek();
    if (OTHER_PROGRAM_TERMS.contains(word)) {
      return String.valueOf(overlayFault(word));
    }
    return "'" + word + "' begins no subset: write " + TERMS;
  }

  private boolean isTermAhead() {
    return words.peek().equals("not") || isTerm(words.peek());
  }

  private static boolean isTerm(String word) {
    return word.startsWith(NAME)
        || switch (word) {
          case "tcp", "udp", "icmp", "any", "dport", "sport", "dst", "src", "uid", "cgroup" -> true;
          default -> false;
        };
  }

  private Term term() throws RuleException {
    boolean negated = words.peek().equals("not");
    if (negated) {
      words.next();
      if (!isTermAhead() || words.peek().equals("not") || words.peek().equals("any")) {
        throw words.wrong("'not' needs one term that it can negate: " + TERMS.replace("any, ", ""));
      }
    }
    Word word = words.next();
    return switch (word.text()) {
      case "any" -> new Term.Any();
      case "tcp", "udp", "icmp" ->
          new Term.Proto(negated, Term.Protocol.valueOf(word.text().toUpperCase(Locale.ROOT)));
      case "dport" -> HeaderLists.ports(negated, Term.End.DESTINATION, value("dport 80-90,443"));
      case "sport" -> HeaderLists.ports(negated, Term.End.SOURCE, value("sport 5000-5010"));
      case "dst" -> HeaderLists.prefixes(negated, Term.End.DESTINATION, value("dst 192.0.2.0/24"));
      case "src" -> HeaderLists.prefixes(negated, Term.End.SOURCE, value("src 192.0.2.0/24"));
      case "uid" -> HeaderLists.users(negated, value("uid 1000,2000-2999"));
      case "cgroup" -> controlGroup(negated, value("cgroup system.slice/sync.service"));
      default -> name(negated, word);
    };
  }

  private Word value(String example) throws RuleException {
    return words.next("a value is missing: write for example " + example);
  }

  /** With a slash in front, as the kernel writes it, or without. */
  private static Term controlGroup(boolean negated, Word word) throws RuleException {
    String path = word.text().replaceAll("^/|(?<=.)/$", "");
    String fault = Term.ControlGroup.fault(path);
    if (fault != null) {
      throw new RuleException(word.column(), fault);
    }
    return new Term.ControlGroup(negated, path);
  }

  /** A word that begins with {@link #NAME}. */
  static Term.Name name(boolean negated, Word word) throws RuleException {
    int column = word.column() + NAME.length();
    String pattern = word.text().substring(NAME.length());
    if (pattern.startsWith("/")) {
      if (!pattern.endsWith("/") || pattern.length() < 2) {
        throw new RuleException(column, "a blank must follow the expression's closing '/'");
      }
      Term.Name.pattern(pattern, column);
      return new Term.Name(negated, pattern);
    }
    return new Term.Name(negated, NameGlob.normalize(pattern, column));
  }
}
