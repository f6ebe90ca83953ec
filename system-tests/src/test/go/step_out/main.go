// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

func three(a int) (int, string, error) {
	a++
	return a, "s", nil
}

func floats(x float64) (y float64, z float32) {
	y = x * 2
	z = 1.5
	return
}

type big struct{ a, b, c, d, e, f, g, h, i, j, k int }

func large() (r big) {
	r.c = 3
	return
}

func none() {
	println("none")
}

func values() ([]int, map[string]int, *int, interface{}, func()) {
	n := 1
	return []int{1, 2}, map[string]int{"a": 1}, &n, "x", nil
}

func main() {
	a, b, c := three(1)
	d, e := floats(2)
	f := large()
	none()
	g, h, i, j, k := values()
	println(a, b, c, d, e, f.c, g, h, i, j, k == nil)
}
