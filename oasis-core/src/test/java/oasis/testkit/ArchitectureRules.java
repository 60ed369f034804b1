// SPDX-License-Identifier: Apache-2.0
package oasis.testkit;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.NullMarked;

/** Which code may use which. Core checks its own part of it; experiments checks every module. */
public final class ArchitectureRules {
  /** Core packages, lowest first. A package uses only those before it. */
  private static final List<String> CORE =
      List.of(
          "oasis.packet..",
          "oasis.flow..",
          "oasis.rules..",
          "oasis.tcp..",
          "oasis.link..",
          "oasis.os..",
          "oasis.io..");

  /** Modules from the core outwards. Those in one group do not know each other. */
  private static final List<List<String>> MODULES =
      List.of(
          CORE,
          List.of("oasis.client..", "oasis.exit.."),
          List.of("oasis.planetlab.."),
          List.of("oasis.emulator.."),
          List.of("oasis.experiments.."));

  private static final String[] SANS_IO = {
    "oasis.packet..", "oasis.flow..", "oasis.rules..", "oasis.tcp..", "oasis.link..", "..engine.."
  };

  private ArchitectureRules() {}

  /** Every class of ours on the class path but those of tests. */
  public static JavaClasses productClasses() {
    return new ClassFileImporter()
        .withImportOption(location -> !location.contains("/test-classes/"))
        .withImportOption(location -> !location.contains("-tests.jar"))
        .importPackages("oasis");
  }

  public static List<ArchRule> all() {
    List<ArchRule> rules = new ArrayList<>();
    rules.addAll(coreOrder());
    rules.addAll(moduleOrder());
    rules.addAll(libraries());
    rules.add(sansIo());
    rules.add(nullMarked());
    return rules;
  }

  private static List<ArchRule> coreOrder() {
    List<ArchRule> rules = new ArrayList<>();
    for (int i = 0; i < CORE.size() - 1; i++) {
      String[] later = CORE.subList(i + 1, CORE.size()).toArray(String[]::new);
      rules.add(noUse(new String[] {CORE.get(i)}, later, "core packages use only lower ones"));
    }
    return rules;
  }

  private static List<ArchRule> moduleOrder() {
    List<ArchRule> rules = new ArrayList<>();
    for (int i = 0; i < MODULES.size() - 1; i++) {
      String[] group = MODULES.get(i).toArray(String[]::new);
      String[] outer =
          MODULES.subList(i + 1, MODULES.size()).stream()
              .flatMap(List::stream)
              .toArray(String[]::new);
      rules.add(noUse(group, outer, "modules point towards the core"));
    }
    rules.add(noUse(packages("oasis.client.."), packages("oasis.exit.."), "parts are separate"));
    rules.add(noUse(packages("oasis.exit.."), packages("oasis.client.."), "parts are separate"));
    rules.add(noUse(packages("oasis.planetlab.."), packages("oasis.exit.."), "parts are separate"));
    return rules;
  }

  private static List<ArchRule> libraries() {
    return List.of(
        classes()
            .that()
            .resideInAPackage("oasis.packet..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage("oasis.packet..", "java..", "javax.crypto..", "org.jspecify..")
            .because("oasis.packet depends on the JDK only")
            .allowEmptyShould(true),
        noClasses()
            .that()
            .resideOutsideOfPackage("oasis.os..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.sun.jna..")
            .because("JNA is for oasis.os only")
            .allowEmptyShould(true),
        noUse(
            packages(CORE.subList(0, CORE.indexOf("oasis.io..")).toArray(String[]::new)),
            packages("io.netty.."),
            "Netty is for oasis.io and above"));
  }

  /** Engines and what they are made of get bytes, time and randomness as arguments. */
  private static ArchRule sansIo() {
    return noClasses()
        .that()
        .resideInAnyPackage(SANS_IO)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.netty..",
            "com.sun.jna..",
            "java.nio.channels..",
            "org.slf4j..",
            "java.util.logging")
        .orShould()
        .dependOnClassesThat()
        .haveNameMatching("java\\.net\\..*Socket.*|javax\\.net\\..*")
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Thread.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(System.Logger.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(ThreadLocalRandom.class)
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Math.class, "random")
        .orShould()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .because("engines are sans-I/O, so that they run live, in tests and in the simulator")
        .allowEmptyShould(true);
  }

  private static ArchRule nullMarked() {
    return classes()
        .that()
        .resideInAPackage("oasis..")
        .and()
        .resideOutsideOfPackage("..jmh_generated..")
        .should(
            new ArchCondition<JavaClass>("be in a package marked @NullMarked") {
              @Override
              public void check(JavaClass type, ConditionEvents events) {
                boolean marked = type.getPackage().isAnnotatedWith(NullMarked.class);
                events.add(
                    new SimpleConditionEvent(type, marked, type.getPackageName() + " " + marked));
              }
            })
        .because("every package says what it is for and checks nulls")
        .allowEmptyShould(true);
  }

  private static ArchRule noUse(String[] users, String[] used, String why) {
    return noClasses()
        .that()
        .resideInAnyPackage(users)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(used)
        .because(why)
        .allowEmptyShould(true);
  }

  private static String[] packages(String... names) {
    return names;
  }
}
