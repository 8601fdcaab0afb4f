# Makefile - the one entry. `make help` says what there is.

# What may be set on the command line; `make help` explains.
SMP    ?= 1
MEM    ?= 128M
BIOS   ?=
CROSS  ?=
LLVM   ?= 0
APPEND ?=
V      ?= 0

CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

.DEFAULT_GOAL := build
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
export PYTHONDONTWRITEBYTECODE := 1
ifneq ($(filter setup setup-all clean,$(MAKECMDGOALS)),)
.NOTPARALLEL: # `make setup run`: one after the other
else
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
# A kernel is built in build/VARIANT: gcc or clang, with the demo or with the tests as its workload.

WORKLOAD ?= demo
ifeq ($(filter demo tests,$(WORKLOAD)),)
$(error WORKLOAD=$(WORKLOAD): a kernel has the demo or the tests)
endif
COMPILER := $(if $(filter 1,$(LLVM)),clang,gcc)
DIR      := build/$(COMPILER)-$(WORKLOAD)
KERNEL   := $(DIR)/bosk.elf

ifeq ($(COMPILER),clang)
CC      = $(TOOLCHAIN)clang --target=riscv64-unknown-elf -march=rv64imac -mno-relax
NM      = $(TOOLCHAIN)llvm-nm
LDFLAGS = -fuse-ld=lld
else
CC      = $(TOOLCHAIN)gcc -march=rv64imac_zicsr_zifencei -mstrict-align
NM      = $(TOOLCHAIN)nm
LDFLAGS = -no-pie
endif

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
CFLAGS   := -std=gnu11 -O2 -g $(WARNINGS) -I os -mabi=lp64 -mcmodel=medany \
            -ffreestanding -fno-pie -fno-common -fno-stack-protector \
            -fno-omit-frame-pointer -fno-optimize-sibling-calls \
            -fno-asynchronous-unwind-tables -ffile-prefix-map=$(CURDIR)/=
LDFLAGS  += -nostdlib -static -T linker-qemu.ld -Wl,--build-id=none -Wl,-z,max-page-size=4096

SOURCES := $(wildcard $(addsuffix /*.c,os/arch os/lib os/heap os/collections os/mm os/sync \
                                       os/drivers) os/arch/*.S) os/main.c os/heap_test.c
ifeq ($(WORKLOAD),tests)
SOURCES += $(wildcard os/test/*.c os/test/*.S os/test/pure/*.c)
else
SOURCES += os/demo.c
endif
OBJECTS := $(patsubst %,$(DIR)/%.o,$(SOURCES))

.PHONY: build
build: $(KERNEL)

# The compiler and its flags: when they change, all is built anew.
$(DIR)/flags: FORCE
	@test -n '$(TOOLCHAIN)' || exit 1
	@mkdir -p $(DIR)
	@echo '$(CC) $(CFLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(CFLAGS) $(LDFLAGS)' > $@

$(DIR)/%.c.o: %.c $(DIR)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

$(DIR)/%.S.o: %.S $(DIR)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -MMD -MP -c -o $@ $<

# Linked twice: the names of the functions come out of the first kernel into the second. They lie
# behind the code, whose addresses stay as they were.
$(DIR)/nameless.elf: $(OBJECTS) linker-qemu.ld ci/symbols.awk
	@awk -f ci/symbols.awk </dev/null >$(DIR)/no-symbols.S
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJECTS) $(DIR)/no-symbols.S

$(KERNEL): $(DIR)/nameless.elf
	@$(NM) -n $< | awk -f ci/symbols.awk >$(DIR)/symbols.S
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJECTS) $(DIR)/symbols.S
	@echo 'built $@'

-include $(OBJECTS:.o=.d)

# --- what a user says -----------------------------------------------------------------------------

QEMU_OPTIONS = --kernel $(KERNEL) --smp '$(SMP)' --mem '$(MEM)' --bios '$(BIOS)' --append '$(APPEND)'

.PHONY: help setup setup-all run gdb test fuzz bench lint clean
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
ifneq ($(shell command -v ld.lld),)
	@$(MAKE) --no-print-directory build WORKLOAD=demo LLVM=1
	@$(MAKE) --no-print-directory build WORKLOAD=tests LLVM=1
	@$(MAKE) --no-print-directory fuzzers
endif

test: test-builds
	@$(PYTHON) -m pytest -n $(CORES) --dist loadfile -p no:cacheprovider -rs -q ci/tests $(PYTEST)

FUZZ_SECONDS ?= 60
fuzz: fuzzers
	@for fuzzer in $(FUZZERS); do \
	    echo "$$fuzzer: $(FUZZ_SECONDS) s"; mkdir -p $$fuzzer.corpus; \
	    $$fuzzer -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/ $$fuzzer.corpus \
	        $$(ls -d ci/host/corpus_$${fuzzer##*fuzz_} 2>/dev/null) || exit 1; \
	done

bench: $(KERNEL)
	@$(PYTHON) ci/bench/bench.py --kernel $(KERNEL) --cc '$(CC)' --hostcc '$(HOSTCC)' --bios '$(BIOS)'

lint:
	@ci/lint.sh

clean: # but for the Python packages that setup may have put there
	@find build -mindepth 1 -maxdepth 1 ! -name venv -exec rm -rf {} + 2>/dev/null || true

# --- on the host ----------------------------------------------------------------------------------
#
# The pure folders are built for the host, too: each file of tests is a program, and each fuzz target.

HOSTCC      ?= cc
HOST_CFLAGS := -std=gnu11 -g -O1 $(WARNINGS) -I ci/host/include -I os \
               -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
PURE        := $(wildcard os/heap/*.c os/collections/*.c) os/drivers/machine.c \
               $(filter-out %/bits.c %/string.c,$(wildcard os/lib/*.c))
HOST_TEST_SOURCES := $(wildcard ci/host/test_*.c os/test/pure/test_*.c)
HOST_TESTS  := $(patsubst %.c,build/host/%,$(notdir $(HOST_TEST_SOURCES)))
FUZZERS     := $(patsubst ci/host/%.c,build/fuzz/%,$(filter-out %/fuzz_panic.c,$(wildcard ci/host/fuzz_*.c)))
vpath test_%.c ci/host os/test/pure

.PHONY: host-tests fuzzers
host-tests: $(HOST_TESTS)
fuzzers: $(FUZZERS)

build/host/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -MMD -MP -c -o $@ $<

build/host/test_%: test_%.c build/host/ci/host/runner.o $(PURE:%.c=build/host/%.o)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -MMD -MP -MF $@.d -o $@ $< $(filter %.o,$^)

build/fuzz/%: ci/host/%.c ci/host/fuzz_panic.c $(PURE)
	@mkdir -p $(@D)
	$(Q)clang $(HOST_CFLAGS) -fsanitize=fuzzer -MMD -MP -MF $@.d -o $@ $< ci/host/fuzz_panic.c $(PURE)

-include $(wildcard build/host/*.d build/host/*/*/*.d build/fuzz/*.d)

.PHONY: FORCE
FORCE:
