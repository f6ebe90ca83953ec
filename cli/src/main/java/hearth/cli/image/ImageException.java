// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.cli.image;

import java.io.IOException;

/** An image is damaged, or of a kind that cannot be read. */
public final class ImageException extends IOException {
  public ImageException(String message) {
    super(message);
  }
}
