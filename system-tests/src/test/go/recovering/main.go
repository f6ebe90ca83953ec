// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func risky() {
	defer func() {
		r := recover()
		println(r != nil)
	}()
	panic("no")
}

func main() {
	risky()
	println("after")
}
