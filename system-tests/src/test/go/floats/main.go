// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "math"
import "runtime"

type celsius float64

func main() {
	f32, f64 := float32(1.5), 3.14159
	big, small, whole := 1e100, 1e-7, 100.0
	third := float32(1) / 3
	inf, nan := math.Inf(1), math.NaN()
	c64, c128 := complex64(complex(1, 2)), complex(3.5, -4)
	t := celsius(36.6)
	runtime.Breakpoint()
	println(f32, f64, big, small, whole, third, inf, nan, c64, c128, t)
}
