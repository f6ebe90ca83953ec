// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func step(i int) int {
	return i + 1
}

func main() {
	i := 0
	for i < 5 {
		i = step(i)
	}
	println(i)
}
