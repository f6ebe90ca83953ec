// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func one() int {
	return 1
}

func main() {
	a := one()
	b := a + 1
	c := b + 1
	println(a, b, c)
}
