// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func clean() {
	println("clean")
}

func work() {
	defer clean()
	println("work")
}

func main() {
	work()
	println("end")
}
