// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func visit(i int) int {
	return i * 2
}

func main() {
	for i := 1; i <= 30; i++ {
		visit(i)
	}
}
