// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.volume.csi;

import hearth.contract.csi.v1.BlockMetadata;
import hearth.contract.csi.v1.BlockMetadataType;
import hearth.contract.csi.v1.GetMetadataAllocatedRequest;
import hearth.contract.csi.v1.GetMetadataAllocatedResponse;
import hearth.contract.csi.v1.GetMetadataDeltaRequest;
import hearth.contract.csi.v1.GetMetadataDeltaResponse;
import hearth.contract.volume.v1.GetExtentsRequest;
import hearth.contract.volume.v1.GetExtentsResponse;
import hearth.kit.id.Identifiers;
import hearth.kit.problem.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * CSI's SnapshotMetadata service: what a snapshot holds, and what changed since another, in ranges
 * of any length.
 */
public final class ChangedBlocks {
  private static final int USUAL_RESULTS = 1000;

  private final Host host;

  public ChangedBlocks(Host host) {
    this.host = host;
  }

  /** GetMetadataAllocated; the answers go to the consumer, in order. */
  public void allocated(
      GetMetadataAllocatedRequest request, Consumer<GetMetadataAllocatedResponse> answers) {
    walk(
        GetExtentsRequest.newBuilder().setName(snapshot("snapshot_id", request.getSnapshotId())),
        request.getStartingOffset(),
        request.getMaxResults(),
        (size, ranges) ->
            answers.accept(
                GetMetadataAllocatedResponse.newBuilder()
                    .setBlockMetadataType(BlockMetadataType.VARIABLE_LENGTH)
                    .setVolumeCapacityBytes(size)
                    .addAllBlockMetadata(ranges)
                    .build()));
  }

  /** GetMetadataDelta; the answers go to the consumer, in order. */
  public void delta(GetMetadataDeltaRequest request, Consumer<GetMetadataDeltaResponse> answers) {
    walk(
        GetExtentsRequest.newBuilder()
            .setBaseSnapshot(snapshot("base_snapshot_id", request.getBaseSnapshotId()))
            .setName(snapshot("target_snapshot_id", request.getTargetSnapshotId())),
        request.getStartingOffset(),
        request.getMaxResults(),
        (size, ranges) ->
            answers.accept(
                GetMetadataDeltaResponse.newBuilder()
                    .setBlockMetadataType(BlockMetadataType.VARIABLE_LENGTH)
                    .setVolumeCapacityBytes(size)
                    .addAllBlockMetadata(ranges)
                    .build()));
  }

  private static String snapshot(String field, String id) {
    return Names.snapshot(Names.required(field, id))
        .orElseThrow(() ->
            Problem.notFound("snapshot", Identifiers.printable(id), "See: hearth snapshot list"));
  }

  private void walk(
      GetExtentsRequest.Builder request,
      long from,
      int most,
      BiConsumer<Long, List<BlockMetadata>> answers) {
    if (most < 0) {
      throw Problem.invalid("max_results", "is negative", "Leave it out");
    }
    int results = most == 0 ? USUAL_RESULTS : most;
    long at = from;
    GetExtentsResponse page;
    do {
      page = host.getExtents(request.setOffsetBytes(at).build());
      List<BlockMetadata> ranges = new ArrayList<>();
      for (GetExtentsResponse.Extent extent : page.getExtentsList()) {
        ranges.add(
            BlockMetadata.newBuilder()
                .setByteOffset(extent.getOffsetBytes())
                .setSizeBytes(extent.getLengthBytes())
                .build());
        if (ranges.size() == results) {
          answers.accept(page.getSizeBytes(), List.copyOf(ranges));
          ranges.clear();
        }
      }
      if (!ranges.isEmpty()) {
        answers.accept(page.getSizeBytes(), List.copyOf(ranges));
      }
      at = page.getNextOffsetBytes();
    } while (at < page.getSizeBytes());
  }
}
