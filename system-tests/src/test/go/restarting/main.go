// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "os"

func main() {
	x := len(os.Args)
	println(x)
}
