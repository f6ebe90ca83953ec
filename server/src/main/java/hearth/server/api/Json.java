// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.server.api;

import com.google.protobuf.Empty;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.util.JsonFormat;
import com.linecorp.armeria.common.grpc.GrpcJsonMarshaller;
import hearth.contract.host.v1.Backup;
import hearth.contract.host.v1.BackupMetadata;
import hearth.contract.volume.v1.CheckVolumeMetadata;
import hearth.contract.volume.v1.CheckVolumeResponse;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The JSON of messages by protobuf's own rules (ProtoJSON): a field or a word that the contract
 * does not have is the caller's mistake, and is told.
 */
final class Json implements GrpcJsonMarshaller {
  private static final JsonFormat.TypeRegistry TYPES =
      JsonFormat.TypeRegistry.newBuilder()
          .add(Backup.getDescriptor())
          .add(BackupMetadata.getDescriptor())
          .add(CheckVolumeMetadata.getDescriptor())
          .add(CheckVolumeResponse.getDescriptor())
          .add(Empty.getDescriptor())
          .build();
  private static final JsonFormat.Printer PRINTER =
      JsonFormat.printer().usingTypeRegistry(TYPES).omittingInsignificantWhitespace();
  private static final JsonFormat.Parser PARSER = JsonFormat.parser().usingTypeRegistry(TYPES);

  @Override
  public <T> void serializeMessage(Marshaller<T> marshaller, T message, OutputStream out)
      throws IOException {
    out.write(PRINTER.print((Message) message).getBytes(StandardCharsets.UTF_8));
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T> T deserializeMessage(Marshaller<T> marshaller, InputStream in) throws IOException {
    Message prototype =
        (Message)
            java.util.Objects.requireNonNull(
                ((PrototypeMarshaller<T>) marshaller).getMessagePrototype());
    Message.Builder builder = prototype.newBuilderForType();
    try {
      PARSER.merge(new InputStreamReader(in, StandardCharsets.UTF_8), builder);
    } catch (InvalidProtocolBufferException e) {
      String what = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
      throw Status.INVALID_ARGUMENT
          .withDescription("The request cannot be read: " + what)
          .asRuntimeException();
    }
    return (T) builder.build();
  }
}
