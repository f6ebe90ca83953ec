// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume;

import com.google.api.HttpBody;
import com.google.protobuf.ByteString;
import hearth.contract.volume.v1.DownloadBlocksRequest;
import hearth.contract.volume.v1.GetExtentsRequest;
import hearth.contract.volume.v1.GetExtentsResponse;
import hearth.contract.volume.v1.UploadBlocksRequest;
import hearth.contract.volume.v1.UploadBlocksResponse;
import hearth.kit.access.Caller;
import hearth.kit.problem.Code;
import hearth.kit.problem.Problem;
import hearth.volume.engine.VolumeData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * What volumes and snapshots hold, for taking it elsewhere and bringing it back. Safe for any
 * thread.
 */
public final class Blocks {
  /** Most bytes of a piece. */
  static final int MOST_BYTES = 8 << 20;

  private static final int MOST_EXTENTS = 1000;

  /** Most calls of the engine for one answer: fragments that touch count as one extent. */
  private static final int MOST_STEPS = 100_000;

  private final VolumeRecords records;
  private final Volumes volumes;
  private final Exports exports;

  public Blocks(VolumeRecords records, Volumes volumes, Exports exports) {
    this.records = records;
    this.volumes = volumes;
    this.exports = exports;
  }

  private VolumeData find(Caller caller, String name) {
    if (name.contains("/snapshots/")) {
      Snapshots.Found found = Snapshots.find(records, volumes, caller, "name", name);
      return exports.data(found.volume(), found.snapshot());
    }
    return exports.data(volumes.find(caller, name));
  }

  /** GetExtents. */
  public GetExtentsResponse extents(Caller caller, GetExtentsRequest request) {
    VolumeData data = find(caller, request.getName());
    Optional<VolumeData> base =
        request.getBaseSnapshot().isEmpty()
            ? Optional.empty()
            : Optional.of(base(caller, request.getBaseSnapshot()));
    long size = data.size();
    long at = request.getOffsetBytes();
    if (at < 0 || at > size) {
      throw outside(at, size);
    }
    GetExtentsResponse.Builder response = GetExtentsResponse.newBuilder().setSizeBytes(size);
    try {
      long start = -1;
      for (int steps = 0; at < size && steps < MOST_STEPS; steps++) {
        VolumeData.Extent extent =
            base.isPresent() ? data.differenceAt(base.get(), at) : data.extentAt(at);
        long length = Math.min(extent.length(), size - at);
        if (extent.held() && start < 0) {
          start = at;
        } else if (!extent.held() && start >= 0) {
          add(response, start, at);
          start = -1;
          if (response.getExtentsCount() == MOST_EXTENTS) {
            break;
          }
        }
        at += length;
      }
      if (start >= 0) {
        add(response, start, at);
      }
    } catch (IOException e) {
      throw unreadable(request.getName(), e);
    } catch (IllegalArgumentException e) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "NO_COMMON_ORIGIN",
          "What differs between "
              + request.getName()
              + " and "
              + request.getBaseSnapshot()
              + " is not known: "
              + e.getMessage(),
          "Take all extents instead, without a base");
    }
    return response.setNextOffsetBytes(at).build();
  }

  private VolumeData base(Caller caller, String name) {
    Snapshots.Found found = Snapshots.find(records, volumes, caller, "base_snapshot", name);
    return exports.data(found.volume(), found.snapshot());
  }

  private static void add(GetExtentsResponse.Builder response, long start, long end) {
    response.addExtents(
        GetExtentsResponse.Extent.newBuilder().setOffsetBytes(start).setLengthBytes(end - start));
  }

  /** DownloadBlocks. */
  public HttpBody download(Caller caller, DownloadBlocksRequest request) {
    VolumeData data = find(caller, request.getName());
    long length = request.getLengthBytes();
    check(request.getOffsetBytes(), length, data.size());
    ByteBuffer bytes = ByteBuffer.allocate((int) length);
    try {
      data.read(request.getOffsetBytes(), bytes);
    } catch (IOException e) {
      throw unreadable(request.getName(), e);
    }
    ByteString contents = ByteString.copyFrom(bytes.flip());
    return HttpBody.newBuilder()
        .setContentType("application/octet-stream; sha-256=" + sha256(contents))
        .setData(contents)
        .build();
  }

  /** UploadBlocks. */
  public UploadBlocksResponse upload(Caller caller, UploadBlocksRequest request) {
    VolumeRecord volume = volumes.find(caller, request.getName());
    VolumeData data = exports.data(volume);
    ByteString contents = request.getData();
    check(request.getOffsetBytes(), contents.size(), data.size());
    if (!sha256(contents).equals(request.getSha256())) {
      throw Problem.invalid("sha256", "is not that of the bytes that came", "Send the piece again");
    }
    if (volume.traits().readOnly()) {
      throw new Problem(
          Code.FAILED_PRECONDITION,
          "VOLUME_READ_ONLY",
          "The volume '" + volume.id() + "' is read-only",
          "Make it writable first: hearth volume update " + volume.id() + " --read-only no");
    }
    volumes.requireNoSessions(volume, "its contents are not exchanged");
    if (!request.getValidateOnly()) {
      try {
        data.write(request.getOffsetBytes(), contents.asReadOnlyByteBuffer());
        data.flush();
      } catch (VolumeData.NoSpaceException e) {
        throw exports.full();
      } catch (IOException e) {
        throw new Problem(
            Code.INTERNAL,
            "STORAGE_FAILED",
            "Writing to the volume '" + volume.id() + "' failed: " + e.getMessage(),
            "Check the disk below the data folder, then try again");
      }
    }
    return UploadBlocksResponse.getDefaultInstance();
  }

  private static void check(long offset, long length, long size) {
    if (length < 1 || length > MOST_BYTES) {
      throw Problem.invalid(
          "length_bytes",
          length + " is no length of a piece (expected: 1 to " + MOST_BYTES + ")",
          "Use more pieces");
    }
    if (offset < 0 || offset > size - length) {
      throw outside(offset, size);
    }
  }

  private static Problem outside(long offset, long size) {
    return new Problem(
        Code.OUT_OF_RANGE,
        "OUTSIDE_THE_VOLUME",
        "offset_bytes: " + offset + " is not within the " + size + " bytes that there are",
        "Ask for the size first: GetExtents tells it");
  }

  private static Problem unreadable(String name, IOException e) {
    return new Problem(
        Code.DATA_LOSS,
        "UNREADABLE",
        "Some of " + name + " cannot be read: " + e.getMessage(),
        "Find out what is lost: hearth volume check");
  }

  private static String sha256(ByteString bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      bytes.asReadOnlyByteBufferList().forEach(digest::update);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
