// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

func main() {
	bytes := [16]byte{1, 2, 3, 250, 255}
	p := &bytes
	words := [4]uint32{1, 0x10203, 3, 4}
	runtime.Breakpoint()
	println(p, words[0], bytes[0])
}
