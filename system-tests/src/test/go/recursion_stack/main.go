// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

func down(n int) int {
	if n == 0 {
		runtime.Breakpoint()
		return 0
	}
	return down(n-1) + 1
}

func main() {
	println(down(4))
}
