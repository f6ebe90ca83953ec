// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.system;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import org.junit.jupiter.api.Test;

/** Which way dependencies point between the rooms. */
class DirectionsTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("hearth");

  @Test
  void contractAndKitDependOnNothingOfOurs() {
    noClasses()
        .that()
        .resideInAPackage("hearth.contract..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("hearth.kit..", "hearth.volume..", "hearth.server..", "hearth.cli..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAPackage("hearth.kit..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "hearth.contract..",
            "hearth.volume..",
            "hearth.server..",
            "hearth.cli..",
            "com.google.protobuf..")
        .check(CLASSES);
  }

  @Test
  void volumesKnowNeitherServerNorCommandLineNorTheirLibraries() {
    noClasses()
        .that()
        .resideInAPackage("hearth.volume..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "hearth.server..",
            "hearth.cli..",
            "com.linecorp..",
            "picocli..",
            "java.sql..",
            "io.grpc..")
        .check(CLASSES);
  }

  @Test
  void theCommandLineSpeaksToAHostOverItsApiOnly() {
    noClasses()
        .that()
        .resideInAPackage("hearth.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "hearth.server..",
            "hearth.volume..",
            "hearth.contract..",
            "com.linecorp..",
            "io.netty..")
        .check(CLASSES);
  }

  @Test
  void theDebuggerNeedsTheKitOnly() {
    noClasses()
        .that()
        .resideInAPackage("hearth.debug..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "hearth.server..", "hearth.cli..", "hearth.volume..", "hearth.contract..")
        .check(CLASSES);
    noClasses()
        .that()
        .resideInAnyPackage("hearth.server..", "hearth.cli..", "hearth.volume..", "hearth.kit..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("hearth.debug..")
        .check(CLASSES);
  }

  @Test
  void readersOfObjectFilesKnowNoProcess() {
    noClasses()
        .that()
        .resideInAnyPackage("hearth.debug.binary..", "hearth.debug.dwarf..", "hearth.debug.index..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("hearth.debug.target..", "java.lang.foreign..", "java.net..")
        .check(CLASSES);
  }

  @Test
  void onlyTheServerKnowsArmeriaAndSql() {
    noClasses()
        .that()
        .resideOutsideOfPackage("hearth.server..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.linecorp..", "java.sql..")
        .check(CLASSES);
  }

  @Test
  void scsiAndProtocolParsersOpenNoSockets() {
    noClasses()
        .that()
        .resideInAPackage("hearth.volume.scsi..")
        .or()
        .haveSimpleName("LoginNegotiation")
        .or()
        .haveSimpleName("TextKeys")
        .or()
        .haveSimpleName("Bhs")
        .or()
        .haveSimpleName("Chap")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.net..", "java.nio.channels..")
        .check(CLASSES);
  }

  @Test
  void packagesHaveNoCycles() {
    SlicesRuleDefinition.slices()
        .matching("hearth.(kit|volume|server|cli|debug)..")
        .should()
        .beFreeOfCycles()
        .check(CLASSES);
    SlicesRuleDefinition.slices()
        .matching("hearth.volume.(*)..")
        .should()
        .beFreeOfCycles()
        .check(CLASSES);
    SlicesRuleDefinition.slices()
        .matching("hearth.debug.(*)..")
        .should()
        .beFreeOfCycles()
        .check(CLASSES);
  }
}
