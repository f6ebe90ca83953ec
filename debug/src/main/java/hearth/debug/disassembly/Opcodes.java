// SPDX-FileCopyrightText: The Hearth authors
// SPDX-License-Identifier: AGPL-3.0-or-later
package hearth.debug.disassembly;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The opcode maps (Intel SDM volume 2, appendix A), with operands in that appendix's notation: a
 * letter for where an operand is, and letters for its size.
 */
final class Opcodes {
  /** Set of opcodes that are encoded with VEX. */
  static final int VEX = 0x1000;

  private static final int ANY_PREFIX = 4;
  private static final int NO_EXTENSION = 8;
  private static final String[] CONDITIONS = {
    "o", "no", "b", "nb", "z", "nz", "be", "nbe", "s", "ns", "p", "np", "l", "nl", "le", "nle"
  };
  private static final Map<Integer, Entry> ENTRIES = new HashMap<>();

  private Opcodes() {}

  /**
   * An instruction.
   *
   * @param operands in the appendix's notation
   */
  record Entry(String name, List<String> operands) {}

  // Opcode with its map and, after a slash, the extension in ModR/M; mandatory prefix (* for any);
  // name; operands.
  private static final String MAPS =
      """
      63 * movsxd Gv,Ed
      68 * push Iz
      69 * imul Gv,Ev,Iz
      6a * push Is
      6b * imul Gv,Ev,Is
      6c * insb
      6d * insd
      6e * outsb
      6f * outsd
      84 * test Eb,Gb
      85 * test Ev,Gv
      86 * xchg Eb,Gb
      87 * xchg Ev,Gv
      88 * mov Eb,Gb
      89 * mov Ev,Gv
      8a * mov Gb,Eb
      8b * mov Gv,Ev
      8c * mov Ev,Sw
      8d * lea Gv,M
      8e * mov Sw,Ew
      8f/0 * pop E8
      90 f3 pause
      9b * fwait
      9c * pushfq
      9d * popfq
      9e * sahf
      9f * lahf
      a0 * mov AL,Ob
      a1 * mov rA,Ov
      a2 * mov Ob,AL
      a3 * mov Ov,rA
      a8 * test AL,Iu
      a9 * test rA,Iz
      c0/0 * rol Eb,Iu
      c0/1 * ror Eb,Iu
      c0/2 * rcl Eb,Iu
      c0/3 * rcr Eb,Iu
      c0/4 * shl Eb,Iu
      c0/5 * shr Eb,Iu
      c0/7 * sar Eb,Iu
      c2 * ret Iw
      c3 * ret
      c6/0 * mov Eb,Iu
      c7/0 * mov Ev,Iz
      c8 * enter Iw,I3
      c9 * leave
      ca * ret_far Iw
      cb * ret_far
      cc * int3
      cd * int Iu
      cf * iretd
      d7 * xlat
      e0 * loopne Jb
      e1 * loope Jb
      e2 * loop Jb
      e3 * jrcxz Jb
      e4 * in AL,Iu
      e5 * in eA,Iu
      e6 * out Iu,AL
      e7 * out Iu,eA
      e8 * call Jz
      e9 * jmp Jz
      eb * jmp Jb
      ec * in AL,DX
      ed * in eA,DX
      ee * out DX,AL
      ef * out DX,eA
      f1 * int1
      f4 * hlt
      f5 * cmc
      f6/0 * test Eb,Iu
      f6/1 * test Eb,Iu
      f6/2 * not Eb
      f6/3 * neg Eb
      f6/4 * mul Eb
      f6/5 * imul Eb
      f6/6 * div Eb
      f6/7 * idiv Eb
      f7/0 * test Ev,Iz
      f7/1 * test Ev,Iz
      f7/2 * not Ev
      f7/3 * neg Ev
      f7/4 * mul Ev
      f7/5 * imul Ev
      f7/6 * div Ev
      f7/7 * idiv Ev
      f8 * clc
      f9 * stc
      fa * cli
      fb * sti
      fc * cld
      fd * std
      fe/0 * inc Eb
      fe/1 * dec Eb
      ff/0 * inc Ev
      ff/1 * dec Ev
      ff/2 * call E8
      ff/4 * jmp E8
      ff/6 * push E8
      0f05 * syscall
      0f0b * ud2
      0f0d/1 * prefetchw M64
      0f10 np movups Vx,Wx
      0f10 66 movupd Vx,Wx
      0f10 f3 movss Vd,Wd
      0f10 f2 movsd Vq,Wq
      0f11 np movups Wx,Vx
      0f11 66 movupd Wx,Vx
      0f11 f3 movss Wd,Vd
      0f11 f2 movsd Wq,Vq
      0f12 np movlps Vq,Wq
      0f12 66 movlpd Vq,Mq
      0f12 f2 movddup Vq,Wq
      0f12 f3 movsldup Vx,Wx
      0f13 np movlps Mq,Vq
      0f13 66 movlpd Mq,Vq
      0f14 np unpcklps Vx,Wx
      0f14 66 unpcklpd Vx,Wx
      0f15 np unpckhps Vx,Wx
      0f15 66 unpckhpd Vx,Wx
      0f16 np movhps Vq,Wq
      0f16 66 movhpd Vq,Mq
      0f16 f3 movshdup Vx,Wx
      0f17 np movhps Mq,Vq
      0f17 66 movhpd Mq,Vq
      0f18/0 * prefetchnta M64
      0f18/1 * prefetcht0 M64
      0f18/2 * prefetcht1 M64
      0f18/3 * prefetcht2 M64
      0f1f * nop Ev
      0f28 np movaps Vx,Wx
      0f28 66 movapd Vx,Wx
      0f29 np movaps Wx,Vx
      0f29 66 movapd Wx,Vx
      0f2a f3 cvtsi2ss Vd,Ey
      0f2a f2 cvtsi2sd Vq,Ey
      0f2b np movntps Mx,Vx
      0f2b 66 movntpd Mx,Vx
      0f2c f3 cvttss2si Gy,Wd
      0f2c f2 cvttsd2si Gy,Wq
      0f2d f3 cvtss2si Gy,Wd
      0f2d f2 cvtsd2si Gy,Wq
      0f2e np ucomiss Vd,Wd
      0f2e 66 ucomisd Vq,Wq
      0f2f np comiss Vd,Wd
      0f2f 66 comisd Vq,Wq
      0f31 * rdtsc
      0f50 np movmskps Gd,Ux
      0f50 66 movmskpd Gd,Ux
      0f5a np cvtps2pd Vx,Wq
      0f5a 66 cvtpd2ps Vx,Wx
      0f5a f3 cvtss2sd Vq,Wd
      0f5a f2 cvtsd2ss Vd,Wq
      0f5b np cvtdq2ps Vx,Wx
      0f5b 66 cvtps2dq Vx,Wx
      0f5b f3 cvttps2dq Vx,Wx
      0f6e np movd Pq,Ey
      0f6e 66 movd Vx,Ey
      0f6f np movq Pq,Qq
      0f6f 66 movdqa Vx,Wx
      0f6f f3 movdqu Vx,Wx
      0f70 np pshufw Pq,Qq,Iu
      0f70 66 pshufd Vx,Wx,Iu
      0f70 f3 pshufhw Vx,Wx,Iu
      0f70 f2 pshuflw Vx,Wx,Iu
      0f71/2 66 psrlw Ux,Iu
      0f71/4 66 psraw Ux,Iu
      0f71/6 66 psllw Ux,Iu
      0f72/2 66 psrld Ux,Iu
      0f72/4 66 psrad Ux,Iu
      0f72/6 66 pslld Ux,Iu
      0f73/2 66 psrlq Ux,Iu
      0f73/3 66 psrldq Ux,Iu
      0f73/6 66 psllq Ux,Iu
      0f73/7 66 pslldq Ux,Iu
      0f77 np emms
      0f7e np movd Ey,Pq
      0f7e 66 movd Ey,Vx
      0f7e f3 movq Vq,Wq
      0f7f np movq Qq,Pq
      0f7f 66 movdqa Wx,Vx
      0f7f f3 movdqu Wx,Vx
      0fa2 * cpuid
      0fa3 * bt Ev,Gv
      0fa4 * shld Ev,Gv,Iu
      0fa5 * shld Ev,Gv,CL
      0fab * bts Ev,Gv
      0fac * shrd Ev,Gv,Iu
      0fad * shrd Ev,Gv,CL
      0fae/0 * fxsave M
      0fae/1 * fxrstor M
      0fae/2 * ldmxcsr Md
      0fae/3 * stmxcsr Md
      0fae/7 * clflush M64
      0faf * imul Gv,Ev
      0fb0 * cmpxchg Eb,Gb
      0fb1 * cmpxchg Ev,Gv
      0fb3 * btr Ev,Gv
      0fb6 * movzx Gv,Eb
      0fb7 * movzx Gv,Ew
      0fb8 f3 popcnt Gv,Ev
      0fba/4 * bt Ev,Iu
      0fba/5 * bts Ev,Iu
      0fba/6 * btr Ev,Iu
      0fba/7 * btc Ev,Iu
      0fbb * btc Ev,Gv
      0fbc f3 tzcnt Gv,Ev
      0fbc * bsf Gv,Ev
      0fbd f3 lzcnt Gv,Ev
      0fbd * bsr Gv,Ev
      0fbe * movsx Gv,Eb
      0fbf * movsx Gv,Ew
      0fc0 * xadd Eb,Gb
      0fc1 * xadd Ev,Gv
      0fc2 np cmpps Vx,Wx,Iu
      0fc2 66 cmppd Vx,Wx,Iu
      0fc2 f3 cmpss Vd,Wd,Iu
      0fc2 f2 cmpsd_xmm Vq,Wq,Iu
      0fc3 np movnti My,Gy
      0fc4 66 pinsrw Vx,E2,Iu
      0fc5 66 pextrw Gd,Ux,Iu
      0fc6 np shufps Vx,Wx,Iu
      0fc6 66 shufpd Vx,Wx,Iu
      0fd6 66 movq Wq,Vq
      0fd7 66 pmovmskb Gd,Ux
      0fe6 f2 cvtpd2dq Vx,Wx
      0fe6 f3 cvtdq2pd Vx,Wq
      0fe6 66 cvttpd2dq Vx,Wx
      0fe7 np movntq Mq,Pq
      0fe7 66 movntdq Mx,Vx
      0ff0 f2 lddqu Vx,Mx
      0ff7 66 maskmovdqu Vx,Ux
      0f3800 66 pshufb Vx,Wx
      0f3817 66 ptest Vx,Wx
      0f38c8 np sha1nexte Vx,Wx
      0f38c9 np sha1msg1 Vx,Wx
      0f38ca np sha1msg2 Vx,Wx
      0f38cb np sha256rnds2 Vx,Wx,X0
      0f38cc np sha256msg1 Vx,Wx
      0f38cd np sha256msg2 Vx,Wx
      0f38db 66 aesimc Vx,Wx
      0f38dc 66 aesenc Vx,Wx
      0f38dd 66 aesenclast Vx,Wx
      0f38de 66 aesdec Vx,Wx
      0f38df 66 aesdeclast Vx,Wx
      0f38f0 np movbe Gv,Mv
      0f38f0 f2 crc32 Gy,Eb
      0f38f1 np movbe Mv,Gv
      0f38f1 f2 crc32 Gy,Ev
      0f38f6 66 adcx Gy,Ey
      0f38f6 f3 adox Gy,Ey
      0f3a0a 66 roundss Vd,Wd,Iu
      0f3a0b 66 roundsd Vq,Wq,Iu
      0f3a0e 66 pblendw Vx,Wx,Iu
      0f3a0f 66 palignr Vx,Wx,Iu
      0f3a14 66 pextrb E1,Vx,Iu
      0f3a15 66 pextrw E2,Vx,Iu
      0f3a16 66 pextrd Ey,Vx,Iu
      0f3a20 66 pinsrb Vx,E1,Iu
      0f3a22 66 pinsrd Vx,Ey,Iu
      0f3a44 66 pclmulqdq Vx,Wx,Iu
      0f3a61 66 pcmpestri Vx,Wx,Iu
      0f3a63 66 pcmpistri Vx,Wx,Iu
      0f3acc np sha1rnds4 Vx,Wx,Iu
      0f3adf 66 aeskeygenassist Vx,Wx,Iu
      """;

  // The same with VEX; H is the register that the prefix names.
  private static final String VEX_MAPS =
      """
      0f10 np vmovups Vx,Wx
      0f11 np vmovups Wx,Vx
      0f10 f2 vmovsd Vq,Mq
      0f11 f2 vmovsd Mq,Vq
      0f12 f3 vmovsldup Vx,Wx
      0f28 np vmovaps Vx,Wx
      0f28 66 vmovapd Vx,Wx
      0f29 np vmovaps Wx,Vx
      0f6e 66 vmovd Vo,Ey
      0f6f 66 vmovdqa Vx,Wx
      0f6f f3 vmovdqu Vx,Wx
      0f70 66 vpshufd Vx,Wx,Iu
      0f70 f3 vpshufhw Vx,Wx,Iu
      0f70 f2 vpshuflw Vx,Wx,Iu
      0f71/2 66 vpsrlw Hx,Ux,Iu
      0f71/4 66 vpsraw Hx,Ux,Iu
      0f71/6 66 vpsllw Hx,Ux,Iu
      0f72/2 66 vpsrld Hx,Ux,Iu
      0f72/4 66 vpsrad Hx,Ux,Iu
      0f72/6 66 vpslld Hx,Ux,Iu
      0f73/2 66 vpsrlq Hx,Ux,Iu
      0f73/3 66 vpsrldq Hx,Ux,Iu
      0f73/6 66 vpsllq Hx,Ux,Iu
      0f73/7 66 vpslldq Hx,Ux,Iu
      0f77 np vzeroupper
      0f7e 66 vmovd Ey,Vo
      0f7e f3 vmovq Vq,Wq
      0f7f 66 vmovdqa Wx,Vx
      0f7f f3 vmovdqu Wx,Vx
      0fd6 66 vmovq Wq,Vq
      0fd7 66 vpmovmskb Gd,Ux
      0fe7 66 vmovntdq Mx,Vx
      0f3800 66 vpshufb Vx,Hx,Wx
      0f3817 66 vptest Vx,Wx
      0f3836 66 vpermd Vx,Hx,Wx
      0f3840 66 vpmulld Vx,Hx,Wx
      0f385a 66 vbroadcasti128 Vx,Mo
      0f3858 66 vpbroadcastd Vx,Wd
      0f3859 66 vpbroadcastq Vx,Wq
      0f3878 66 vpbroadcastb Vx,W1
      0f3879 66 vpbroadcastw Vx,W2
      0f38f2 np andn Gy,By,Ey
      0f38f5 np bzhi Gy,Ey,By
      0f38f5 f2 pdep Gy,By,Ey
      0f38f5 f3 pext Gy,By,Ey
      0f38f6 f2 mulx Gy,By,Ey
      0f38f7 np bextr Gy,Ey,By
      0f38f7 66 shlx Gy,Ey,By
      0f38f7 f3 sarx Gy,Ey,By
      0f38f7 f2 shrx Gy,Ey,By
      0f38f3/1 np blsr By,Ey
      0f38f3/2 np blsmsk By,Ey
      0f38f3/3 np blsi By,Ey
      0f3a00 66 vpermq Vx,Wx,Iu
      0f3a02 66 vpblendd Vx,Hx,Wx,Iu
      0f3a06 66 vperm2f128 Vx,Hx,Wx,Iu
      0f3a0e 66 vpblendw Vx,Hx,Wx,Iu
      0f3a0f 66 vpalignr Vx,Hx,Wx,Iu
      0f3a22 66 vpinsrd Vo,Ho,Ey,Iu
      0f3a38 66 vinserti128 Vx,Hx,Wo,Iu
      0f3a39 66 vextracti128 Wo,Vx,Iu
      0f3a46 66 vperm2i128 Vx,Hx,Wx,Iu
      0f3a44 66 vpclmulqdq Vx,Hx,Wx,Iu
      0f3af0 f2 rorx Gy,Ey,Iu
      """;

  static {
    lines(MAPS, 0);
    lines(VEX_MAPS, VEX);
    String[] arithmetic = {"add", "or", "adc", "sbb", "and", "sub", "xor", "cmp"};
    for (int i = 0; i < 8; i++) {
      String name = arithmetic[i];
      int first = 8 * i;
      String[] forms = {"Eb,Gb", "Ev,Gv", "Gb,Eb", "Gv,Ev", "AL,Iu", "rA,Iz"};
      for (int form = 0; form < forms.length; form++) {
        put(first + form, ANY_PREFIX, NO_EXTENSION, name, forms[form]);
      }
      put(0x80, ANY_PREFIX, i, name, "Eb,Iu");
      put(0x81, ANY_PREFIX, i, name, "Ev,Iz");
      put(0x83, ANY_PREFIX, i, name, "Ev,Is");
    }
    for (int i = 0; i < 8; i++) {
      put(0x50 + i, ANY_PREFIX, NO_EXTENSION, "push", "Z8");
      put(0x58 + i, ANY_PREFIX, NO_EXTENSION, "pop", "Z8");
      put(0x90 + i, ANY_PREFIX, NO_EXTENSION, "xchg", "Zv,rA");
      put(0xb0 + i, ANY_PREFIX, NO_EXTENSION, "mov", "Zb,Iu");
      put(0xb8 + i, ANY_PREFIX, NO_EXTENSION, "mov", "Zv,Iv");
      put(0x1c8 + i, ANY_PREFIX, NO_EXTENSION, "bswap", "Zv");
    }
    for (int i = 0; i < 16; i++) {
      put(0x70 + i, ANY_PREFIX, NO_EXTENSION, "j" + CONDITIONS[i], "Jb");
      put(0x180 + i, ANY_PREFIX, NO_EXTENSION, "j" + CONDITIONS[i], "Jz");
      put(0x190 + i, ANY_PREFIX, NO_EXTENSION, "set" + CONDITIONS[i], "Eb");
      put(0x140 + i, ANY_PREFIX, NO_EXTENSION, "cmov" + CONDITIONS[i], "Gv,Ev");
    }
    String[] shifts = {"rol", "ror", "rcl", "rcr", "shl", "shr", "shl", "sar"};
    for (int i = 0; i < 8; i++) {
      put(0xc1, ANY_PREFIX, i, shifts[i], "Ev,Iu");
      put(0xd0, ANY_PREFIX, i, shifts[i], "Eb,1");
      put(0xd1, ANY_PREFIX, i, shifts[i], "Ev,1");
      put(0xd2, ANY_PREFIX, i, shifts[i], "Eb,CL");
      put(0xd3, ANY_PREFIX, i, shifts[i], "Ev,CL");
    }
    floating();
    integers();
  }

  /** Arithmetic of floating point: packed and scalar, single and double. */
  private static void floating() {
    Map<Integer, String> names =
        Map.of(
            0x51, "sqrt", 0x58, "add", 0x59, "mul", 0x5c, "sub", 0x5d, "min", 0x5e, "div", 0x5f,
            "max");
    names.forEach((code, name) -> {
      int at = 0x100 + code;
      boolean one = code == 0x51;
      put(at, 0, NO_EXTENSION, name + "ps", "Vx,Wx");
      put(at, 1, NO_EXTENSION, name + "pd", "Vx,Wx");
      put(at, 2, NO_EXTENSION, name + "ss", "Vd,Wd");
      put(at, 3, NO_EXTENSION, name + "sd", "Vq,Wq");
      put(VEX + at, 0, NO_EXTENSION, "v" + name + "ps", one ? "Vx,Wx" : "Vx,Hx,Wx");
      put(VEX + at, 1, NO_EXTENSION, "v" + name + "pd", one ? "Vx,Wx" : "Vx,Hx,Wx");
      put(VEX + at, 2, NO_EXTENSION, "v" + name + "ss", "Vd,Hd,Wd");
      put(VEX + at, 3, NO_EXTENSION, "v" + name + "sd", "Vq,Hq,Wq");
    });
    String[] logic = {"and", "andn", "or", "xor"};
    for (int i = 0; i < 4; i++) {
      int at = 0x154 + i;
      put(at, 0, NO_EXTENSION, logic[i] + "ps", "Vx,Wx");
      put(at, 1, NO_EXTENSION, logic[i] + "pd", "Vx,Wx");
      put(VEX + at, 0, NO_EXTENSION, "v" + logic[i] + "ps", "Vx,Hx,Wx");
      put(VEX + at, 1, NO_EXTENSION, "v" + logic[i] + "pd", "Vx,Hx,Wx");
    }
    String[] fused = {"fmadd", "fmsub", "fnmadd", "fnmsub"};
    for (int i = 0; i < 4; i++) {
      for (int order = 0; order < 3; order++) {
        String name = "v" + fused[i] + new String[] {"132", "213", "231"}[order];
        int at = 0x298 + 2 * i + 0x10 * order;
        put(VEX + at, 1, NO_EXTENSION, name + "p", "Vx,Hx,Wx");
        put(VEX + at + 1, 1, NO_EXTENSION, name + "s", "Vy,Hy,Wy");
      }
    }
  }

  /** Arithmetic of integers in vectors, with MMX, SSE and AVX alike. */
  private static void integers() {
    String[] names = {
      "60 punpcklbw",
      "61 punpcklwd",
      "62 punpckldq",
      "63 packsswb",
      "64 pcmpgtb",
      "65 pcmpgtw",
      "66 pcmpgtd",
      "67 packuswb",
      "68 punpckhbw",
      "69 punpckhwd",
      "6a punpckhdq",
      "6b packssdw",
      "6c punpcklqdq",
      "6d punpckhqdq",
      "74 pcmpeqb",
      "75 pcmpeqw",
      "76 pcmpeqd",
      "d1 psrlw",
      "d2 psrld",
      "d3 psrlq",
      "d4 paddq",
      "d5 pmullw",
      "d8 psubusb",
      "d9 psubusw",
      "da pminub",
      "db pand",
      "dc paddusb",
      "dd paddusw",
      "de pmaxub",
      "df pandn",
      "e0 pavgb",
      "e1 psraw",
      "e2 psrad",
      "e3 pavgw",
      "e4 pmulhuw",
      "e5 pmulhw",
      "e8 psubsb",
      "e9 psubsw",
      "ea pminsw",
      "eb por",
      "ec paddsb",
      "ed paddsw",
      "ee pmaxsw",
      "ef pxor",
      "f1 psllw",
      "f2 pslld",
      "f3 psllq",
      "f4 pmuludq",
      "f5 pmaddwd",
      "f6 psadbw",
      "f8 psubb",
      "f9 psubw",
      "fa psubd",
      "fb psubq",
      "fc paddb",
      "fd paddw",
      "fe paddd"
    };
    for (String line : names) {
      int code = 0x100 + Integer.parseInt(line.substring(0, 2), 16);
      String name = line.substring(3);
      put(code, 0, NO_EXTENSION, name, "Pq,Qq");
      put(code, 1, NO_EXTENSION, name, "Vx,Wx");
      put(VEX + code, 1, NO_EXTENSION, "v" + name, "Vx,Hx,Wx");
    }
  }

  private static void lines(String maps, int vex) {
    for (String line : maps.lines().toList()) {
      String[] words = line.split(" ", -1);
      String[] code = words[0].split("/", -1);
      String digits = code[0];
      int map = 0;
      if (digits.startsWith("0f38") || digits.startsWith("0f3a")) {
        map = digits.startsWith("0f38") ? 2 : 3;
        digits = digits.substring(4);
      } else if (digits.startsWith("0f")) {
        map = 1;
        digits = digits.substring(2);
      }
      int prefix = List.of("np", "66", "f3", "f2", "*").indexOf(words[1]);
      put(
          vex + 0x100 * map + Integer.parseInt(digits, 16),
          prefix,
          code.length > 1 ? Integer.parseInt(code[1]) : NO_EXTENSION,
          words[2],
          words.length > 3 ? words[3] : "");
    }
  }

  private static void put(int opcode, int prefix, int extension, String name, String operands) {
    List<String> list = operands.isEmpty() ? List.of() : List.of(operands.split(",", -1));
    ENTRIES.put(key(opcode, prefix, extension), new Entry(name, list));
  }

  private static int key(int opcode, int prefix, int extension) {
    return (opcode * 8 + prefix) * 16 + extension;
  }

  /**
   * What an opcode means, or null.
   *
   * @param opcode as {@link hearth.debug.target.Instruction#opcode} has it
   * @param prefix the last of the prefixes 66 (1), F3 (2) and F2 (3), or 0
   * @param extension the middle field of ModR/M
   */
  static @Nullable Entry find(int opcode, int prefix, int extension) {
    for (int p : new int[] {prefix, ANY_PREFIX}) {
      for (int e : new int[] {extension, NO_EXTENSION}) {
        Entry found = ENTRIES.get(key(opcode, p, e));
        if (found != null) {
          return found;
        }
      }
    }
    return null;
  }
}
