// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func first() {
	println("first")
}

func second() {
	println("second")
	println("again")
}

type thing struct{}

func (t *thing) method() {
	println("method")
}

func (t thing) value() {
	println("value")
}

func main() {
	first()
	second()
	t := &thing{}
	t.method()
	t.value()
}
