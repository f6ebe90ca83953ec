// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later

package main

import "runtime"

func main() {
	i8, i16, i32, i64 := int8(-3), int16(-300), int32(-70000), int64(-1<<40)
	u8, u16, u32, u64 := uint8(200), uint16(60000), uint32(4000000000), uint64(1<<63)
	n, u, up := -5, uint(7), uintptr(0x1234)
	r, b := 'x', byte('y')
	runtime.Breakpoint()
	println(i8, i16, i32, i64, u8, u16, u32, u64, n, u, up, r, b)
}
