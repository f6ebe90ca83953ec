// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.api.AnnotationsProto;
import com.google.api.HttpRule;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.DescriptorProtos.SourceCodeInfo;
import com.google.protobuf.ExtensionRegistry;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The contract's files keep the rules of the AIPs and buf's lint, and stay compatible with what was
 * committed before.
 */
class LintTest {
  private static final List<FileDescriptorProto> FILES = read("/hearth/contract/descriptors.binpb");

  private static List<FileDescriptorProto> read(String resource) {
    ExtensionRegistry registry = ExtensionRegistry.newInstance();
    AnnotationsProto.registerAllExtensions(registry);
    try (InputStream in = LintTest.class.getResourceAsStream(resource)) {
      return FileDescriptorSet.parseFrom(in, registry).getFileList().stream()
          .filter(file -> file.getPackage().startsWith("hearth."))
          .toList();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void thereIsSomethingToCheck() {
    assertThat(FILES).hasSize(3);
  }

  @Test
  void everyElementHasAComment() {
    for (FileDescriptorProto file : FILES) {
      Set<List<Integer>> commented =
          file.getSourceCodeInfo().getLocationList().stream()
              .filter(location -> !location.getLeadingComments().isBlank())
              .map(SourceCodeInfo.Location::getPathList)
              .collect(Collectors.toSet());
      List<String> bare = new ArrayList<>();
      for (int i = 0; i < file.getMessageTypeCount(); i++) {
        if (!commented.contains(List.of(4, i))) {
          bare.add(file.getMessageType(i).getName());
        }
        for (int k = 0; k < file.getMessageType(i).getFieldCount(); k++) {
          if (!commented.contains(List.of(4, i, 2, k))) {
            bare.add(
                file.getMessageType(i).getName()
                    + "."
                    + file.getMessageType(i).getField(k).getName());
          }
        }
      }
      for (int k = 0; k < file.getService(0).getMethodCount(); k++) {
        if (!commented.contains(List.of(6, 0, 2, k))) {
          bare.add(file.getService(0).getMethod(k).getName());
        }
      }
      assertThat(bare).as(file.getName()).isEmpty();
    }
  }

  @Test
  void namesFollowTheStyle() {
    for (FileDescriptorProto file : FILES) {
      assertThat(file.getPackage()).matches("hearth\\.[a-z]+\\.v\\d+");
      assertThat(file.getName()).startsWith(file.getPackage().replace('.', '/') + "/");
      file.getServiceList().forEach(service -> assertThat(service.getName()).endsWith("Service"));
      file.getMessageTypeList().forEach(LintTest::checkMessage);
    }
  }

  private static void checkMessage(DescriptorProto message) {
    assertThat(message.getName()).matches("[A-Z][A-Za-z0-9]*");
    for (FieldDescriptorProto field : message.getFieldList()) {
      assertThat(field.getName()).as(message.getName()).matches("[a-z][a-z0-9]*(_[a-z0-9]+)*");
      if (field.getTypeName().equals(".google.protobuf.Timestamp")) {
        assertThat(field.getName()).as(message.getName()).endsWith("_time");
      }
    }
    for (EnumDescriptorProto type : message.getEnumTypeList()) {
      assertThat(type.getValue(0).getName()).endsWith("_UNSPECIFIED");
      assertThat(type.getValue(0).getNumber()).isZero();
      type.getValueList().forEach(value -> assertThat(value.getName()).matches("[A-Z][A-Z0-9_]*"));
    }
    message.getNestedTypeList().stream()
        .filter(nested -> !nested.getOptions().getMapEntry())
        .forEach(LintTest::checkMessage);
  }

  @Test
  void standardMethodsHaveTheirHttpVerbAndRequestFields() {
    for (FileDescriptorProto file : FILES) {
      for (ServiceDescriptorProto service : file.getServiceList()) {
        for (MethodDescriptorProto method : service.getMethodList()) {
          HttpRule rule = method.getOptions().getExtension(AnnotationsProto.http);
          String name = method.getName();
          assertThat(method.getInputType())
              .as(name)
              .isEqualTo("." + file.getPackage() + "." + name + "Request");
          Set<String> fields =
              file.getMessageTypeList().stream()
                  .filter(message -> message.getName().equals(name + "Request"))
                  .flatMap(
                      message -> message.getFieldList().stream().map(FieldDescriptorProto::getName))
                  .collect(Collectors.toSet());
          if (name.startsWith("List")) {
            assertThat(rule.getGet()).as(name).isNotEmpty();
            assertThat(fields).as(name).contains("page_size", "page_token", "filter", "order_by");
          } else if (name.startsWith("Get") || name.startsWith("Download")) {
            assertThat(rule.getGet()).as(name).isNotEmpty();
            assertThat(fields).as(name).contains("name");
          } else if (name.startsWith("Create") && !rule.getPost().contains(":")) {
            assertThat(rule.getPost()).as(name).isNotEmpty();
            assertThat(fields).as(name).contains("validate_only");
          } else if (name.startsWith("Update")) {
            assertThat(rule.getPatch()).as(name).isNotEmpty();
            assertThat(fields).as(name).contains("update_mask", "validate_only", "request_id");
          } else if (name.startsWith("Delete")) {
            assertThat(rule.getDelete()).as(name).isNotEmpty();
            assertThat(fields).as(name).contains("name", "validate_only");
          } else {
            assertThat(rule.getPost()).as(name).contains(":");
            assertThat(fields).as(name).contains("validate_only");
          }
        }
      }
    }
  }

  /**
   * Fields and methods that were there once keep their name, number and type for ever (AIP-180).
   */
  @Test
  void nothingThatWasPromisedIsTakenBack() {
    Set<String> now = promises(FILES);
    Set<String> before = promises(read("/hearth/contract/promised.binpb"));
    assertThat(before).isNotEmpty();
    Set<String> broken = new HashSet<>(before);
    broken.removeAll(now);
    assertThat(broken).isEmpty();
  }

  private static Set<String> promises(List<FileDescriptorProto> files) {
    Set<String> promises = new HashSet<>();
    for (FileDescriptorProto file : files) {
      file.getMessageTypeList()
          .forEach(
              message -> promise(file.getPackage() + "." + message.getName(), message, promises));
      for (ServiceDescriptorProto service : file.getServiceList()) {
        for (MethodDescriptorProto method : service.getMethodList()) {
          HttpRule rule = method.getOptions().getExtension(AnnotationsProto.http);
          promises.add(
              service.getName()
                  + "."
                  + method.getName()
                  + " "
                  + method.getInputType()
                  + " "
                  + method.getOutputType()
                  + " "
                  + rule.getGet()
                  + rule.getPost()
                  + rule.getPatch()
                  + rule.getDelete());
        }
      }
    }
    return promises;
  }

  private static void promise(String name, DescriptorProto message, Set<String> promises) {
    message
        .getFieldList()
        .forEach(field ->
            promises.add(
                name
                    + "."
                    + field.getName()
                    + " "
                    + field.getNumber()
                    + " "
                    + field.getType()
                    + " "
                    + field.getLabel()
                    + " "
                    + field.getTypeName()));
    message
        .getEnumTypeList()
        .forEach(type ->
            type.getValueList()
                .forEach(value ->
                    promises.add(
                        name
                            + "."
                            + type.getName()
                            + "."
                            + value.getName()
                            + " "
                            + value.getNumber())));
    message
        .getNestedTypeList()
        .forEach(nested -> promise(name + "." + nested.getName(), nested, promises));
  }
}
