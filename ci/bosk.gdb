# gdb for Bosk: `make gdb` starts QEMU paused and runs gdb with this script.
#
# The kernel is linked in the high half, at 0xffffffc080200000, and OpenSBI enters it at physical
# 0x80200000 with paging off. So its symbols are loaded twice: as linked, for the time after entry.S
# has written satp and jumped, and moved by -0xffffffc000000000 (which is 0x4000000000 modulo 2^64)
# for the time before. `break NAME` then sets a breakpoint on both sides of the jump.
#
# By hand: gdb -ex 'set $bosk_kernel = "FILE"' -ex 'set $bosk_stub = "SOCKET"' -x ci/bosk.gdb

set confirm off
set pagination off
set architecture riscv:rv64

eval "file %s", $bosk_kernel
eval "add-symbol-file %s -o 0x4000000000", $bosk_kernel
eval "target remote %s", $bosk_stub

define layout-code
  layout src
  layout regs
  focus cmd
end
document layout-code
Show the source and the registers above the prompt; `tui disable` goes back.
end

define csrs
  info registers satp sstatus stvec sepc scause stval sie sip sscratch
end
document csrs
Print the supervisor CSRs: paging (satp), traps (stvec, sepc, scause, stval), interrupts (sie, sip).
end

define exam
  set variable exam_turn.call = $arg0
  set variable exam_turn.arguments[0] = $arg1
  set variable exam_turn.arguments[1] = $arg2
  set variable exam_turn.arguments[2] = $arg3
  set variable exam_turn.arguments[3] = $arg4
  continue
end
document exam
exam CALL A B C D: have an exam kernel (WORKLOAD=exam) that stands at exam_stop make a call.
The calls are those of os/test/exam/kernel_heap_calls.h; the answer is exam_turn.result.
end

tbreak _start
continue

echo \n
echo The machine stands at the first instruction of the kernel, paging off. What to type:\n
echo \ \ break kernel_main    stop when C starts        continue (c)   run on; Ctrl-C stops\n
echo \ \ stepi (si), step (s) one instruction, one line   backtrace (bt) who called\n
echo \ \ x/8i $pc             the next instructions     csrs           supervisor CSRs\n
echo \ \ layout-code          source and registers      info threads   one thread a hart\n
echo \ \ quit (q)             end gdb and QEMU\n
