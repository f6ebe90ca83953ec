// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.api.AnnotationsProto;
import com.google.api.HttpRule;
import com.google.gson.Gson;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.SourceCodeInfo;
import com.google.protobuf.ExtensionRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The REST face as an OpenAPI 3.1 document, made from the contract's descriptors and their
 * comments.
 */
public final class OpenApi {
  private static final Pattern VARIABLE = Pattern.compile("\\{([a-z_.]+)=([^}]*)}");

  private final JsonObject document = new JsonObject();
  private final JsonObject schemas = new JsonObject();
  private final List<Method> methods = new ArrayList<>();

  /** A method as the API page shows it. */
  public record Method(String verb, String path, String name, String comment) {}

  /** Describes the contract. */
  public OpenApi(String version) {
    JsonObject info = new JsonObject();
    info.addProperty("title", "Hearth");
    info.addProperty("version", version);
    document.addProperty("openapi", "3.1.0");
    document.add("info", info);
    JsonObject paths = new JsonObject();
    for (FileDescriptorProto file : files()) {
      Map<List<Integer>, String> comments = new HashMap<>();
      for (SourceCodeInfo.Location location : file.getSourceCodeInfo().getLocationList()) {
        comments.put(location.getPathList(), location.getLeadingComments().strip());
      }
      if (file.getPackage().startsWith("hearth.")) {
        for (int i = 0; i < file.getServiceCount(); i++) {
          for (int k = 0; k < file.getService(i).getMethodCount(); k++) {
            add(
                paths,
                file,
                file.getService(i).getMethod(k),
                comments.getOrDefault(List.of(6, i, 2, k), ""));
          }
        }
      }
      for (int i = 0; i < file.getMessageTypeCount(); i++) {
        schema("." + file.getPackage() + ".", file.getMessageType(i), List.of(4, i), comments);
      }
    }
    document.add("paths", paths);
    JsonObject bearer = new JsonObject();
    bearer.addProperty("type", "http");
    bearer.addProperty("scheme", "bearer");
    JsonObject security = new JsonObject();
    security.add("token", bearer);
    JsonObject components = new JsonObject();
    components.add("schemas", schemas);
    components.add("securitySchemes", security);
    document.add("components", components);
    JsonObject required = new JsonObject();
    required.add("token", new JsonArray());
    JsonArray all = new JsonArray();
    all.add(required);
    document.add("security", all);
  }

  private static List<FileDescriptorProto> files() {
    ExtensionRegistry registry = ExtensionRegistry.newInstance();
    AnnotationsProto.registerAllExtensions(registry);
    try (InputStream in = OpenApi.class.getResourceAsStream("/hearth/contract/descriptors.binpb")) {
      return FileDescriptorSet.parseFrom(in, registry).getFileList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The document as JSON. */
  public String json() {
    return new Gson().toJson(document);
  }

  /** All methods, in the order of the contract. */
  public List<Method> methods() {
    return List.copyOf(methods);
  }

  private void add(
      JsonObject paths, FileDescriptorProto file, MethodDescriptorProto method, String comment) {
    HttpRule rule = method.getOptions().getExtension(AnnotationsProto.http);
    String verb =
        switch (rule.getPatternCase()) {
          case GET -> "get";
          case POST -> "post";
          case PATCH -> "patch";
          case DELETE -> "delete";
          case PUT, CUSTOM, PATTERN_NOT_SET -> "";
        };
    String pattern = rule.getGet() + rule.getPost() + rule.getPatch() + rule.getDelete();
    JsonArray parameters = new JsonArray();
    List<String> bound = new ArrayList<>();
    StringBuilder path = new StringBuilder();
    Matcher matcher = VARIABLE.matcher(pattern);
    while (matcher.find()) {
      bound.add(matcher.group(1).split("\\.", 2)[0]);
      StringBuilder replaced = new StringBuilder();
      for (String part : matcher.group(2).split("/", -1)) {
        replaced.append(replaced.isEmpty() ? "" : "/");
        if (part.equals("*")) {
          String before =
              replaced.isEmpty()
                  ? "id"
                  : replaced.toString().replaceAll(".*?([a-zA-Z]+)s?/$", "$1");
          parameters.add(parameter(before, "path", "string"));
          replaced.append('{').append(before).append('}');
        } else {
          replaced.append(part);
        }
      }
      matcher.appendReplacement(path, Matcher.quoteReplacement(replaced.toString()));
    }
    matcher.appendTail(path);
    DescriptorProto request =
        file.getMessageTypeList().stream()
            .filter(message -> method.getInputType().endsWith("." + message.getName()))
            .findFirst()
            .orElseThrow();
    JsonObject operation = new JsonObject();
    operation.addProperty("operationId", method.getName());
    operation.addProperty("summary", comment.replaceAll("\\s+", " "));
    if (!rule.getBody().isEmpty()) {
      String type =
          rule.getBody().equals("*")
              ? method.getInputType()
              : request.getFieldList().stream()
                  .filter(field -> field.getName().equals(rule.getBody()))
                  .map(FieldDescriptorProto::getTypeName)
                  .findFirst()
                  .orElseThrow();
      JsonObject body = new JsonObject();
      body.addProperty("required", true);
      body.add("content", content(type));
      operation.add("requestBody", body);
    }
    if (!rule.getBody().equals("*")) {
      for (FieldDescriptorProto field : request.getFieldList()) {
        if (!bound.contains(field.getName()) && !field.getName().equals(rule.getBody())) {
          parameters.add(parameter(field.getJsonName(), "query", simple(field)));
        }
      }
    }
    operation.add("parameters", parameters);
    JsonObject ok = new JsonObject();
    ok.addProperty("description", "Done");
    ok.add("content", content(method.getOutputType()));
    JsonObject error = new JsonObject();
    error.addProperty("description", "An error by AIP-193");
    JsonObject responses = new JsonObject();
    responses.add("200", ok);
    responses.add("default", error);
    operation.add("responses", responses);
    String key = path.toString();
    JsonObject item = paths.has(key) ? paths.getAsJsonObject(key) : new JsonObject();
    item.add(verb, operation);
    paths.add(key, item);
    methods.add(
        new Method(
            verb.toUpperCase(Locale.ROOT), key, method.getName(), comment.replaceAll("\\s+", " ")));
  }

  private static JsonObject parameter(String name, String in, String type) {
    JsonObject schema = new JsonObject();
    schema.addProperty("type", type);
    JsonObject parameter = new JsonObject();
    parameter.addProperty("name", name);
    parameter.addProperty("in", in);
    parameter.addProperty("required", in.equals("path"));
    parameter.add("schema", schema);
    return parameter;
  }

  private static JsonObject content(String type) {
    JsonObject media = new JsonObject();
    media.add("schema", reference(type));
    JsonObject content = new JsonObject();
    content.add("application/json", media);
    return content;
  }

  private static JsonObject reference(String type) {
    JsonObject reference = new JsonObject();
    switch (type) {
      case ".google.protobuf.Timestamp" -> {
        reference.addProperty("type", "string");
        reference.addProperty("format", "date-time");
      }
      case ".google.protobuf.FieldMask" -> reference.addProperty("type", "string");
      default -> reference.addProperty("$ref", "#/components/schemas/" + type.substring(1));
    }
    return reference;
  }

  private static String simple(FieldDescriptorProto field) {
    return switch (field.getType()) {
      case TYPE_BOOL -> "boolean";
      case TYPE_INT32, TYPE_UINT32, TYPE_SINT32, TYPE_FIXED32, TYPE_SFIXED32 -> "integer";
      case TYPE_DOUBLE, TYPE_FLOAT -> "number";
      default -> "string"; // 64-bit numbers are strings in protobuf's JSON
    };
  }

  private void schema(
      String prefix,
      DescriptorProto message,
      List<Integer> path,
      Map<List<Integer>, String> comments) {
    JsonObject properties = new JsonObject();
    for (int i = 0; i < message.getFieldCount(); i++) {
      FieldDescriptorProto field = message.getField(i);
      JsonObject property = property(message, field);
      List<Integer> at = new ArrayList<>(path);
      at.addAll(List.of(2, i));
      String comment = comments.getOrDefault(at, "");
      if (!comment.isEmpty() && !property.has("$ref")) {
        property.addProperty("description", comment.replaceAll("\\s+", " "));
      }
      properties.add(field.getJsonName(), property);
    }
    JsonObject schema = new JsonObject();
    schema.addProperty("type", "object");
    schema.add("properties", properties);
    schemas.add((prefix + message.getName()).substring(1), schema);
    for (int i = 0; i < message.getNestedTypeCount(); i++) {
      if (!message.getNestedType(i).getOptions().getMapEntry()) {
        List<Integer> at = new ArrayList<>(path);
        at.addAll(List.of(3, i));
        schema(prefix + message.getName() + ".", message.getNestedType(i), at, comments);
      }
    }
  }

  private static JsonObject property(DescriptorProto message, FieldDescriptorProto field) {
    boolean map =
        message.getNestedTypeList().stream()
            .anyMatch(nested ->
                nested.getOptions().getMapEntry()
                    && field.getTypeName().endsWith("." + nested.getName()));
    JsonObject property = new JsonObject();
    if (map) {
      JsonObject text = new JsonObject();
      text.addProperty("type", "string");
      property.addProperty("type", "object");
      property.add("additionalProperties", text);
      return property;
    }
    if (field.getType() == FieldDescriptorProto.Type.TYPE_MESSAGE) {
      property = reference(field.getTypeName());
    } else {
      property.addProperty("type", simple(field));
    }
    if (field.getLabel() == FieldDescriptorProto.Label.LABEL_REPEATED) {
      JsonObject array = new JsonObject();
      array.addProperty("type", "array");
      array.add("items", property);
      return array;
    }
    return property;
  }
}
