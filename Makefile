# Makefile - the one entry. `make help` says what there is.

# In a lab's repository: LAB, its HEAP, LAB_FILES that the student writes and LAB_TESTS.
-include lab.mk
IS_STARTER := $(wildcard lab.mk)
NOT_HERE   := $(if $(IS_STARTER),$(filter fuzz bench coverage corpus stack docs lint,$(MAKECMDGOALS)))
ifneq ($(NOT_HERE),)
$(error $(NOT_HERE): not in the repository of a lab; make help names what is)
endif

# What may be set on the command line; `make help` explains.
SMP    ?= 1
MEM    ?= 128M
BIOS   ?=
CROSS  ?=
LLVM   ?= 0
APPEND ?=
HEAP   ?= slab
SANITIZE   ?=
HEAP_DEBUG ?= 0
HEAP_BACKING ?= bss
V      ?= 0

CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

comma := ,
blank := $(subst ,, )

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
export PYTHONDONTWRITEBYTECODE := 1
ifneq ($(filter setup setup-all clean,$(MAKECMDGOALS)),)
.NOTPARALLEL: # `make setup run`: one after the other
else ifndef BOSK_IS_PARALLEL # a make above has not said it
export BOSK_IS_PARALLEL := 1
MAKEFLAGS += -j$(CORES)
endif
Q := $(if $(filter 1,$(V)),,@)

ifeq ($(filter 0 1,$(LLVM)),)
$(error LLVM=$(LLVM): say LLVM=1 to build with clang, or nothing to build with GCC)
endif

# Found when first used, not before: `make setup run` must find what setup has just installed.
PYTHON    = $(eval PYTHON := $(shell ci/find_tool.sh python))$(PYTHON)
TOOLCHAIN = $(eval TOOLCHAIN := $(shell ci/find_tool.sh toolchain '$(CROSS)' $(LLVM)))$(TOOLCHAIN)

# --- the kernel -----------------------------------------------------------------------------------
#
# A kernel is built in build/VARIANT: gcc or clang, its workload, its heap and the memory behind it if
# not the usual ones, and its guards.

WORKLOAD ?= demo
WORKLOADS := demo tests bench trace corpus exam
ifeq ($(filter $(WORKLOADS),$(WORKLOAD)),)
$(error WORKLOAD=$(WORKLOAD): the workloads are $(WORKLOADS))
endif
COMPILER := $(if $(filter 1,$(LLVM)),clang,gcc)
OF_HEAP  := $(if $(filter-out slab,$(HEAP)),-$(HEAP))
OF_HEAP  := $(OF_HEAP)$(if $(filter-out bss,$(HEAP_BACKING)),-$(HEAP_BACKING))
# COVERAGE=1, which `make coverage` says, is for builds that count how often each line runs.
OF_COVERAGE := $(if $(filter 1,$(COVERAGE)),-coverage)
GUARDS   := $(sort $(subst $(comma), ,$(SANITIZE))) $(if $(filter 1,$(HEAP_DEBUG)),heap-debug)
DIR      := build/$(COMPILER)-$(WORKLOAD)$(OF_HEAP)$(OF_COVERAGE)$(subst $(blank),,$(addprefix -,$(GUARDS)))
KERNEL   := $(DIR)/bosk.elf

ifeq ($(COMPILER),clang)
CC      = $(TOOLCHAIN)clang --target=riscv64-unknown-elf -march=rv64imac -mno-relax
NM      = $(TOOLCHAIN)llvm-nm
OBJDUMP = $(TOOLCHAIN)llvm-objdump
OBJCOPY = $(TOOLCHAIN)llvm-objcopy
ADDR2LINE = $(TOOLCHAIN)llvm-addr2line
LDFLAGS = -fuse-ld=lld
else
CC      = $(TOOLCHAIN)gcc -march=rv64imac_zicsr_zifencei -mstrict-align -fcallgraph-info=su
NM      = $(TOOLCHAIN)nm
OBJDUMP = $(TOOLCHAIN)objdump
OBJCOPY = $(TOOLCHAIN)objcopy
ADDR2LINE = $(TOOLCHAIN)addr2line
LDFLAGS = -no-pie
endif

HEAPS := dummy bump list block bitmap buddy slab
ifeq ($(filter $(HEAPS),$(HEAP)),)
$(error HEAP=$(HEAP): the heaps are $(HEAPS))
endif
# Designs that stand on others.
BELOW_block := list
BELOW_slab  := runs buddy
HEAP_BACKINGS := bss paged
ifeq ($(filter $(HEAP_BACKINGS),$(HEAP_BACKING)),)
$(error HEAP_BACKING=$(HEAP_BACKING): the heap lies in one of $(HEAP_BACKINGS))
endif
heap_is = -DKERNEL_HEAP=$1 -DKERNEL_HEAP_HEADER='"heap/$1.h"'
HEAP_FLAGS := $(call heap_is,$(HEAP))

ifneq ($(filter-out kasan ubsan,$(subst $(comma), ,$(SANITIZE))),)
$(error SANITIZE=$(SANITIZE): say kasan, ubsan, or kasan,ubsan)
endif
ifeq ($(filter 0 1,$(HEAP_DEBUG)),)
$(error HEAP_DEBUG=$(HEAP_DEBUG): say HEAP_DEBUG=1, or nothing)
endif
ifeq ($(words $(filter kasan heap-debug,$(GUARDS))),2)
$(error HEAP_DEBUG=1 SANITIZE=kasan: one of the two guards the heap, not both)
endif
ifneq ($(and $(filter kasan,$(GUARDS)),$(filter paged,$(HEAP_BACKING))),)
$(error SANITIZE=kasan HEAP_BACKING=paged: the shadow covers a heap in .bss only)
endif
ifneq ($(and $(filter trace,$(WORKLOAD)),$(filter kasan heap-debug,$(GUARDS))),)
$(error WORKLOAD=trace: a trace of a guarded heap would show the guards)
endif

ifneq ($(filter $(LATER),$(GUARDS) $(HEAP_BACKING)),)
$(error $(filter $(LATER),$(GUARDS) $(HEAP_BACKING)): this needs what is written in a later lab)
endif

# A guarded heap stands in front of the design (os/guard/guard.h).
SOURCES_heap-debug := $(addprefix os/guard/,guarded.c report.c leaks.c canary.c)
SOURCES_kasan      := $(addprefix os/guard/,guarded.c report.c leaks.c shadow.c kasan.c string_checks.c)
SOURCES_ubsan      := os/guard/ubsan.c
TESTS_heap-debug   := $(addprefix os/test/guard/,test_heap_frees.c test_canaries.c)
TESTS_kasan        := $(addprefix os/test/guard/,test_heap_frees.c test_kasan.c)
TESTS_ubsan        := os/test/guard/test_ubsan.c
OF_GUARDED := $(filter kasan heap-debug,$(GUARDS))
KERNEL_HEAP_FLAGS := $(if $(OF_GUARDED),-DKERNEL_HEAP=guarded -DKERNEL_HEAP_HEADER='"guard/guard.h"' \
    $(subst KERNEL,GUARDED,$(HEAP_FLAGS)),$(HEAP_FLAGS))

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            $(if $(IS_STARTER),-Wno-unused-function -Wno-unused-parameter,-Werror)
CFLAGS   := -std=gnu11 -O2 -g $(WARNINGS) $(KERNEL_HEAP_FLAGS) -I os -mabi=lp64 -mcmodel=medany \
            -ffreestanding -ffunction-sections -fno-pie -fno-common -fstack-protector-strong \
            -fno-omit-frame-pointer -fno-optimize-sibling-calls \
            -fno-asynchronous-unwind-tables -ffile-prefix-map=$(CURDIR)/=
CFLAGS   += $(if $(filter trace,$(WORKLOAD)),-DHEAP_TRACE=1)
ifneq ($(OF_COVERAGE),)
CFLAGS   += -Og --coverage -fprofile-info-section=coverage
LDFLAGS  += -Wl,--wrap=power_off
LDLIBS    = $(shell $(TOOLCHAIN)gcc -march=rv64imac -mabi=lp64 -print-file-name=libgcov.a)
endif

# Code with checks, and which files have none (os/guard/shadow.h). There are no warnings: those that
# GCC finds in the checks are false ones.
SANITIZERS := $(filter kasan ubsan,$(GUARDS))
checks = $(foreach guard,$(SANITIZERS),$(if $(filter $(UNCHECKED_$(guard)),$1),,$(CHECKS_$(guard)) -w))
CFLAGS += $(if $(SANITIZERS),-DBOOT_STACK_SIZE=65536 -DTRAP_STACK_SIZE=32768)
ifneq ($(filter kasan,$(GUARDS)),)
KASAN_SHADOW_OFFSET := $(shell awk '$$2 == "KASAN_SHADOW_OFFSET" { print $$3 }' os/arch/memlayout.h)
endif
KASAN_gcc := -fasan-shadow-offset=$(KASAN_SHADOW_OFFSET) --param asan-stack=1 --param asan-globals=1 \
             --param asan-instrumentation-with-call-threshold=0 -fsanitize-address-use-after-scope
KASAN_clang := --target=riscv64-linux-gnu -Xclang -fsanitize-address-use-after-scope \
             $(addprefix -mllvm ,-asan-mapping-offset=$(KASAN_SHADOW_OFFSET) -asan-stack=1 -asan-globals=1 \
                                 -asan-instrumentation-with-call-threshold=0)
CHECKS_kasan := -fsanitize=kernel-address $(KASAN_$(COMPILER))
CHECKS_ubsan := -fsanitize=undefined -fno-sanitize-recover=undefined
UNCHECKED_kasan := os/guard/% os/heap/% os/arch/backtrace.c os/lib/string.c os/lib/symbols.c %.S
UNCHECKED_ubsan := os/guard/% %.S
# The checks are short, and leave the frame to the function that they check for.
$(DIR)/os/guard/shadow.c.o: CFLAGS += -fomit-frame-pointer -foptimize-sibling-calls
CHECKED_STRINGS := memcpy memmove memset memcmp memchr strlen strcmp strncmp

# os/test/fail_alloc.h stands in front of these in every link of tests.
FAIL_ALLOC := $(patsubst %,-Wl$(comma)--wrap=%,heap_alloc heap_alloc_zeroed heap_realloc kmalloc)
LDFLAGS  += $(if $(filter tests,$(WORKLOAD)),$(FAIL_ALLOC))
LDFLAGS  += -nostdlib -static -T linker-qemu.ld -Wl,--discard-locals -Wl,--build-id=none -Wl,--gc-sections -Wl,-z,max-page-size=4096

SOURCES_demo  := os/demo.c
SOURCES_tests := os/test/*.c os/test/*.S os/test/pure/*.c os/test/$(HEAP_BACKING)/*.c
SOURCES_bench := os/test/bench/*.c
SOURCES_trace := os/test/trace/*.c
SOURCES_corpus := os/test/runner.c os/test/jump.S os/test/corpus/*.c
SOURCES_exam  := os/test/exam/main.c os/test/exam/kernel_heap_calls.c
SOURCES := $(wildcard $(addsuffix /*.c,os/arch os/lib os/heap os/collections os/mm os/sync \
                                       os/drivers) os/arch/*.S) os/main.c os/heap_test.c
SOURCES := $(filter-out os/mm/heap_memory_%,$(SOURCES)) os/mm/heap_memory_$(HEAP_BACKING).c
SOURCES += $(filter-out $(if $(OF_GUARDED),%/test_heap_whole.c),$(wildcard $(SOURCES_$(WORKLOAD)))) \
           $(foreach guard,$(GUARDS),$(SOURCES_$(guard)) $(if $(filter tests,$(WORKLOAD)),$(TESTS_$(guard))))
SOURCES += $(if $(OF_COVERAGE),os/test/coverage/dump.c)
OBJECTS := $(patsubst %,$(DIR)/%.o,$(SOURCES))
# Files without checks are joined first, so that their calls of memcpy and the like, also those that
# the compiler has put there, can have another name: os/guard/string_checks.c has the names as such.
JOINED  := $(if $(filter kasan,$(GUARDS)),$(patsubst %,$(DIR)/%.o,\
               $(filter-out %/string_checks.c,$(filter $(UNCHECKED_kasan),$(SOURCES)))))
LINKED  := $(filter-out $(JOINED),$(OBJECTS)) $(if $(JOINED),$(DIR)/unchecked.o)

.PHONY: build
build: $(KERNEL)

FLAGS = $(CC) $(CFLAGS) $(foreach guard,$(SANITIZERS),$(CHECKS_$(guard)) but $(UNCHECKED_$(guard))) $(LDFLAGS)
# The compiler and its flags: when they change, all is built anew. A copy of the tree is not.
$(DIR)/flags: FORCE
	@test -n '$(TOOLCHAIN)' || exit 1
	@mkdir -p $(DIR)
	@echo "$(subst $(CURDIR),,$(FLAGS))" | cmp -s - $@ || echo "$(subst $(CURDIR),,$(FLAGS))" > $@

$(DIR)/%.c.o: %.c $(DIR)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) $(call checks,$<) -MMD -MP -c -o $@ $<

$(DIR)/%.S.o: %.S $(DIR)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(DIR)/unchecked.o: $(JOINED)
	$(Q)$(CC) $(filter -fuse-ld=lld,$(LDFLAGS)) -mabi=lp64 -nostdlib -r -o $@ $^
	$(Q)$(OBJCOPY) $(foreach name,$(CHECKED_STRINGS),--redefine-sym $(name)=unchecked_$(name)) $@

# Linked twice: the names of the functions come out of the first kernel into the second. They lie
# behind the code, whose addresses stay as they were.
$(DIR)/nameless.elf: $(LINKED) linker-qemu.ld ci/symbols.awk ci/lines.awk
	@awk -f ci/symbols.awk </dev/null >$(DIR)/no-symbols.S
	$(if $(OF_GUARDED),@awk -f ci/lines.awk </dev/null >>$(DIR)/no-symbols.S)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(LINKED) $(DIR)/no-symbols.S $(LDLIBS)

# A guarded kernel names lines too, those of all calls.
$(KERNEL): $(DIR)/nameless.elf
	@$(NM) -n $< | awk -f ci/symbols.awk >$(DIR)/symbols.S
	$(if $(OF_GUARDED),@$(OBJDUMP) -d --no-show-raw-insn $< | \
	    awk '$$2 ~ /^(c\.)?jalr?$$/ { sub(":", "", $$1); print "0x" $$1 }' | \
	    $(ADDR2LINE) -e $< -a -f -i | \
	    awk -f ci/lines.awk -v root=$(CURDIR)/ -v stext=$$($(NM) $< | awk '$$3 == "stext" { print $$1 }') >>$(DIR)/symbols.S)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(LINKED) $(DIR)/symbols.S $(LDLIBS)
	@echo 'built $@'

-include $(OBJECTS:.o=.d)

# --- what a user says -----------------------------------------------------------------------------

QEMU_OPTIONS = --kernel $(KERNEL) --smp '$(SMP)' --mem '$(MEM)' --bios '$(BIOS)' --append '$(APPEND)'

.PHONY: help setup setup-all run gdb test grade fuzz heapviz trace bench coverage corpus stack docs lint clean
help:
	@cat ci/help.txt

setup:
	@ci/setup.sh

setup-all:
	@ci/setup.sh all

run: $(KERNEL)
	@$(PYTHON) ci/qemu.py run $(QEMU_OPTIONS)

gdb: $(KERNEL)
	@$(PYTHON) ci/qemu.py gdb $(QEMU_OPTIONS)

# All that the tests need is built first, so that they measure and judge the same kernels.
.PHONY: test-builds
test-builds:
	@$(MAKE) --no-print-directory host-tests
	@$(MAKE) --no-print-directory build WORKLOAD=demo
	@$(MAKE) --no-print-directory build WORKLOAD=tests
	@$(MAKE) --no-print-directory build WORKLOAD=tests HEAP=buddy
	@$(MAKE) --no-print-directory build WORKLOAD=demo HEAP_BACKING=paged
	@$(MAKE) --no-print-directory build WORKLOAD=tests HEAP_BACKING=paged
	@$(MAKE) --no-print-directory build WORKLOAD=bench
	@$(MAKE) --no-print-directory build WORKLOAD=tests HEAP_DEBUG=1
	@$(MAKE) --no-print-directory build WORKLOAD=demo HEAP_DEBUG=1
	@$(MAKE) --no-print-directory build WORKLOAD=demo SANITIZE=kasan
	@for heap in slab buddy bump list block bitmap; do \
	    $(MAKE) --no-print-directory build WORKLOAD=trace HEAP=$$heap || exit 1; done
	@$(MAKE) --no-print-directory build WORKLOAD=corpus
	@$(MAKE) --no-print-directory build WORKLOAD=corpus HEAP_DEBUG=1
	@$(MAKE) --no-print-directory build WORKLOAD=corpus SANITIZE=kasan
	@$(MAKE) --no-print-directory build WORKLOAD=corpus SANITIZE=ubsan
	@$(MAKE) --no-print-directory build/corpus/address build/corpus/undefined
	@$(MAKE) --no-print-directory build WORKLOAD=tests SANITIZE=kasan,ubsan
ifneq ($(shell command -v ld.lld),)
	@$(MAKE) --no-print-directory build WORKLOAD=demo LLVM=1
	@$(MAKE) --no-print-directory build WORKLOAD=tests LLVM=1
	@$(MAKE) --no-print-directory build WORKLOAD=tests HEAP_DEBUG=1 LLVM=1
	@$(MAKE) --no-print-directory build WORKLOAD=tests SANITIZE=kasan,ubsan LLVM=1
	@$(MAKE) --no-print-directory fuzzers
endif

ifeq ($(IS_STARTER),)
test: test-builds
	@$(PYTHON) -m pytest -n $(CORES) --dist loadfile -p no:cacheprovider -rs -q ci/tests $(PYTEST)
else # the lab's own unit tests alone
test:
	@$(MAKE) --no-print-directory host-tests
	@$(MAKE) --no-print-directory build WORKLOAD=tests
	@$(PYTHON) ci/unit_tests.py --kernel build/$(COMPILER)-tests$(OF_HEAP)/bosk.elf --bios '$(BIOS)' \
	    --tests $(LAB_TESTS) --files $(LAB_FILES)
endif

grade:
	@test -n '$(LAB)' || { echo 'bosk: which lab? make grade LAB=buddy; ci/lab list names them' >&2; exit 2; }
	@$(PYTHON) ci/grade . --lab '$(LAB)' $(if $(SEED),--seed '$(SEED)') $(if $(ITEM),--item '$(ITEM)') $(if $(GDB),--gdb) \
	    --sandbox '$(or $(SANDBOX),auto)'

FUZZ_SECONDS ?= 60
fuzz: fuzzers
	@for fuzzer in $(FUZZERS); do \
	    echo "$$fuzzer: $(FUZZ_SECONDS) s"; mkdir -p $$fuzzer.corpus; \
	    $$fuzzer -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/ $$fuzzer.corpus \
	        $$(ls -d ci/host/corpus_$${fuzzer##*fuzz_} 2>/dev/null) || exit 1; \
	done

# BESIDE: a second heap. HOST=1: the mix is played on this machine, not in the kernel. TRACES: files
# that are there, in place of all that.
ifneq ($(filter-out $(HEAPS),$(BESIDE)),)
$(error BESIDE=$(BESIDE): the heaps are $(HEAPS))
endif
PLAYED := $(patsubst %,build/heapviz-%$(if $(filter 1,$(HOST)),-host).trace,$(HEAP) $(BESIDE))
heapviz:
	@test -n '$(TRACES)' || for heap in $(HEAP) $(BESIDE); do \
	    $(MAKE) --no-print-directory trace WORKLOAD=trace HEAP=$$heap || exit 1; done
	@$(PYTHON) ci/heapviz/heapviz.py -o build/heapviz.html $(or $(TRACES),$(PLAYED))

trace: $(firstword $(PLAYED))
build/heapviz-$(HEAP).trace: $(KERNEL) FORCE
	@$(PYTHON) ci/qemu.py run $(QEMU_OPTIONS) --icount --output-limit 256000000 >$@
build/heapviz-$(HEAP)-host.trace: build/host/record-$(HEAP)
	@$< >$@

# TRACE: a .rep file of the malloc lab to play on all heaps, in place of everything else.
bench: $(KERNEL)
	@test -n '$(TRACE)' || $(MAKE) --no-print-directory build WORKLOAD=bench HEAP=slab
	@test -n '$(TRACE)' || $(MAKE) --no-print-directory build HEAP_DEBUG=1
	@test -n '$(TRACE)' || $(MAKE) --no-print-directory build SANITIZE=kasan
	@$(PYTHON) ci/bench/bench.py --kernel $(KERNEL) --guest build/$(COMPILER)-bench/bosk.elf \
	    --cc '$(CC)' --hostcc '$(HOSTCC)' --hostcxx '$(HOSTCXX)' --bios '$(BIOS)' $(if $(TRACE),--trace '$(TRACE)')

coverage:
	@$(MAKE) --no-print-directory COVERAGE=1 host-tests
	@$(MAKE) --no-print-directory COVERAGE=1 build WORKLOAD=tests
	@$(PYTHON) ci/coverage.py --kernel build/gcc-tests-coverage --host build/host-coverage \
	    --gcov '$(TOOLCHAIN)gcov' --jobs $(CORES)

corpus: build/corpus/address build/corpus/undefined
	@$(MAKE) --no-print-directory build WORKLOAD=corpus
	@$(MAKE) --no-print-directory build WORKLOAD=corpus HEAP_DEBUG=1
	@$(MAKE) --no-print-directory build WORKLOAD=corpus SANITIZE=kasan
	@$(MAKE) --no-print-directory build WORKLOAD=corpus SANITIZE=ubsan
	@$(MAKE) --no-print-directory build WORKLOAD=corpus SANITIZE=kasan,ubsan
	@$(PYTHON) ci/corpus.py --jobs $(CORES)

# GCC alone writes the graph of calls.
stack: $(KERNEL)
	@$(PYTHON) ci/stack.py --kernel $< --nm '$(NM)' $(OBJECTS:.o=.ci)

# From nothing each time: Sphinx warns of a page only when it reads it.
docs:
	@command -v sphinx-build >/dev/null || { echo 'bosk: sphinx-build is not installed: run make setup-all' >&2; exit 1; }
	@rm -rf build/docs build/doctrees
	@sphinx-build -q -W --keep-going -n -d build/doctrees docs build/docs
	@echo 'built build/docs/index.html'

lint: stack
	@ci/lint.sh

clean: # but for the Python packages that setup may have put there
	@find build -mindepth 1 -maxdepth 1 ! -name venv -exec rm -rf {} + 2>/dev/null || true

# --- on the host ----------------------------------------------------------------------------------
#
# The pure folders are built for the host, too: each file of tests is a program, and each fuzz target.

HOSTCC      ?= cc
HOSTCXX     ?= c++
HOST_DIR    := build/host$(OF_COVERAGE)
HOST_CHECKS := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
HOST_CFLAGS := -std=gnu11 -g -O1 $(WARNINGS) $(HEAP_FLAGS) -I ci/host/include -I os \
               $(if $(OF_COVERAGE),--coverage,$(HOST_CHECKS))
PURE        := $(wildcard os/heap/*.c os/collections/*.c) os/drivers/machine.c \
               $(filter-out %/bits.c %/string.c,$(wildcard os/lib/*.c))
HOST_TEST_SOURCES := $(wildcard ci/host/test_*.c os/test/pure/test_*.c)
HOST_TESTS  := $(patsubst %.c,$(HOST_DIR)/%,$(notdir $(HOST_TEST_SOURCES)))
FUZZERS     := $(patsubst ci/host/%.c,build/fuzz/%,$(filter-out %/fuzz_panic.c,$(wildcard ci/host/fuzz_*.c)))
vpath test_%.c ci/host os/test/pure

.PHONY: host-tests fuzzers
host-tests: $(HOST_TESTS) $(if $(IS_STARTER),,build/host/record-buddy)
fuzzers: $(FUZZERS)

$(HOST_DIR)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

# Objects are kept, though only a pattern names them.
.SECONDARY: $(PURE:%.c=$(HOST_DIR)/%.o) $(HOST_DIR)/ci/host/runner.o $(HOST_DIR)/os/test/fail_alloc.o
$(HOST_DIR)/test_%: test_%.c $(HOST_DIR)/ci/host/runner.o $(HOST_DIR)/os/test/fail_alloc.o $(PURE:%.c=$(HOST_DIR)/%.o)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) $(FAIL_ALLOC) -MMD -MP -MF $@.d -o $@ $< $(filter %.o,$^)

# Addresses as they are linked and a frame for each function: the recorder names those on the stack.
build/host/record-%: ci/host/record.c os/test/trace/mix.c ci/host/fuzz_panic.c $(PURE) $(wildcard os/*/*.h)
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(subst $(HEAP_FLAGS),$(call heap_is,$*),$(HOST_CFLAGS)) -DHEAP_TRACE=1 -no-pie \
	    -fno-optimize-sibling-calls -o $@ $(filter %.c,$^)

# The autograder's host stages: what is examined is chosen by HEAP, and how it is called by EXAM.
EXAM ?= heap
EXAMINEE_DIR := build/examinee/$(HEAP)$(if $(filter-out heap,$(EXAM)),-$(EXAM))
EXAMINED_heap  := $(patsubst %,os/heap/%.c,layout $(HEAP) $(BELOW_$(HEAP)))
EXAMINED_collection := os/test/fail_alloc.c $(addprefix os/collections/,box.c vec.c counted.c element.c heap_order.c) \
                  os/heap/heap.c $(EXAMINED_heap)
EXAMINED_guard := $(addprefix os/guard/,guarded.c canary.c leaks.c) os/lib/printf.c $(EXAMINED_heap)
EXAMINEE := ci/host/examinee.c ci/host/fuzz_panic.c os/test/exam/$(EXAM)_calls.c $(EXAMINED_$(EXAM))
EXAM_FLAGS_collection := $(FAIL_ALLOC) -UKERNEL_HEAP -UKERNEL_HEAP_HEADER $(call heap_is,moving)
EXAM_FLAGS_guard      := $(subst KERNEL,GUARDED,$(HEAP_FLAGS))

$(EXAMINEE_DIR)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) $(EXAM_FLAGS_$(EXAM)) -MMD -MP -c -o $@ $<

$(EXAMINEE_DIR)/examinee: $(EXAMINEE:%.c=$(EXAMINEE_DIR)/%.o)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) $(EXAM_FLAGS_$(EXAM)) -o $@ $^

# The bug corpus is built as a whole, so that no part of a program is without its checks.
CORPUS := ci/host/corpus.c $(wildcard os/test/corpus/*.c)
build/corpus/%: $(CORPUS) $(wildcard os/test/corpus/*.h) Makefile
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) -std=gnu11 -g -O1 $(WARNINGS) $(HEAP_FLAGS) -I ci/host/include -I os -fno-omit-frame-pointer \
	    -fsanitize=$(@F) -fno-sanitize-recover=all -o $@ $(CORPUS)

build/fuzz/%: ci/host/%.c ci/host/fuzz_panic.c $(PURE)
	@mkdir -p $(@D)
	$(Q)clang $(HOST_CFLAGS) -fsanitize=fuzzer -MMD -MP -MF $@.d -o $@ $< ci/host/fuzz_panic.c $(PURE)

-include $(wildcard $(HOST_DIR)/*.d $(HOST_DIR)/*/*/*.d build/fuzz/*.d) $(EXAMINEE:%.c=$(EXAMINEE_DIR)/%.d)

.PHONY: FORCE
FORCE:
