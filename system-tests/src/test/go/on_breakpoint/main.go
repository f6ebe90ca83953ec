// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func work(i int, s string) int {
	local := i * 2
	local++
	return local
}

func main() {
	for i := 0; i < 4; i++ {
		work(i, "s")
	}
}
