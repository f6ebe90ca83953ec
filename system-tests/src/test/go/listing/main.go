// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func alpha() {
	println(1)
}

func beta() {
	println(2)
}

func main() {
	alpha()
	beta()
}
