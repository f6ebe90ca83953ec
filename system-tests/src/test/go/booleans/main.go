// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

type flag bool

func main() {
	yes, no := true, false
	f := flag(true)
	n := 3
	runtime.Breakpoint()
	println(yes, no, f, n)
}
