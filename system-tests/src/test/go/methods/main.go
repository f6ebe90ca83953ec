// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

type base struct{ id int }

func (b base) ID() int     { return b.id }
func (b *base) Set(id int) { b.id = id }

type derived struct {
	base
	name string
}

type ider interface{ ID() int }

func show(i ider) int {
	return i.ID()
}

func main() {
	d := &derived{base{1}, "d"}
	d.Set(5)
	get := d.ID
	println(show(d), get())
}
