// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

type failure struct{ code int }

func fail() {
	panic(failure{7})
}

func main() {
	fail()
}
