"""What Box, Vec and Rc must do, known outside: lists and counters beside the code's own memory.

A trace is a list of steps, tuples of a verb and numbers. A number means something by what there is
when its step's turn comes (an index is taken modulo the length), and a step that makes no sense
then is left out; so whatever a shrinker takes away from a trace, the rest can be played.

After each call everything is looked at from outside: the vecs' fields and elements, the boxes'
values, the counts in front of shared values, who was dropped, and how much of the heap is in use.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from grader.subject import Ended, Subject, calls
from grader.wrong import Wrong

Step = tuple[Any, ...]  # a verb, and numbers
Call = calls("os/test/exam/collection_calls.h", "collection_call")

SLOTS = 8
VALUES = 64
CLONED = 1 << 32
NO_MEMORY = 2**64 - 12  # -ENOMEM
FIRST_CAPACITY = 4
NUMBER = 8  # bytes of an element of a vec
VALUE = 128  # of a struct collection_value
VALUE_ALIGN = 64
VALUE_NUMBERS = 12
COUNTS = 16  # of a struct counted, in front of a shared value

# struct collection_desk.
VEC = struct.Struct("<6Q")  # data, length, capacity, element.size, element.align, drop
POINTERS = struct.Struct(f"<{SLOTS}Q")
BOXES = SLOTS * VEC.size
OWNERS, WEAKS = BOXES + POINTERS.size, BOXES + 2 * POINTERS.size
OUT = BOXES + 3 * POINTERS.size
CLONE_FAILS, CLONES, OWNERS_AT_DROP, DROPS = (OUT + 8 * i for i in range(1, 5))
DROPPED, DROPPED_MOST = DROPS + 8, 64
ARRAY = DROPPED + 8 * DROPPED_MOST
DESK = 4096

HEAP_ALIGN = 4096


@dataclass
class Vec:
    values: list[int] = field(default_factory=list)
    capacity: int = 0


@dataclass
class Shared:
    """A value with owners. Its memory is there while somebody holds it."""

    number: int
    address: int
    owners: int = 1
    weaks: int = 0


class World:
    """One life of the code, and what must be true in it. `log` gets a line for each call."""

    def __init__(self, subject: Subject, log: Callable[[str], None]) -> None:
        self.subject = subject
        self.desk = subject.start
        self.heap = subject.start + DESK
        self.heap_end = subject.start + subject.size
        self.log = log
        self.vecs = [Vec() for _ in range(SLOTS)]
        self.boxes: list[int | None] = [None] * SLOTS
        self.owners: list[Shared | None] = [None] * SLOTS
        self.weaks: list[Shared | None] = [None] * SLOTS
        self.drops: list[int] = []  # that the call which is made must do
        subject.call(Call.COLLECTION_INIT, self.desk, self.heap, self.heap_end - self.heap)

    def play(self, steps: Sequence[Step]) -> None:
        """Wrong or Ended where the code does what it must not."""
        for verb, *numbers in steps:
            VERBS[verb](self, *numbers)

    # --- calls ---

    def call(self, text: str, call: int, *arguments: int) -> int:
        """A call, all of whose drops are then looked at."""
        self.log(text)
        self.write(DROPS, 0)
        answer = self.subject.call(call, *arguments)
        self.check_drops()
        return answer

    def call_without_memory(self, text: str, fails: bool, needs: bool, call: int,
                            *arguments: int) -> tuple[int, bool]:
        """A call whose first allocation fails where `fails` says so: its answer, and whether it had
        one. `needs`: it cannot do without."""
        if fails:
            self.subject.call(Call.COLLECTION_FAIL, 1)
            text += ", and the heap has no memory"
        answer = self.call(text, call, *arguments)
        failed = fails and bool(self.subject.call(Call.COLLECTION_FAIL, 0))
        if fails and needs and not failed:
            raise Wrong("memory was needed, but not asked for")
        if failed and not needs:
            raise Wrong("memory was asked for, but there was room enough")
        return answer, failed

    # --- the desk and the heap ---

    def bytes(self, address: int, size: int, what: str) -> memoryview:
        if not self.heap <= address <= self.heap_end - size:
            raise Wrong(f"{what} does not lie in the heap", got=hex(address))
        return self.subject.memory(address, size)

    def numbers(self, address: int, count: int, what: str) -> tuple[int, ...]:
        return struct.unpack(f"<{count}Q", self.bytes(address, 8 * count, what))

    def read(self, offset: int) -> int:
        return int.from_bytes(self.subject.memory(self.desk + offset, 8), "little")

    def write(self, offset: int, value: int) -> None:
        self.subject.memory(self.desk + offset, 8)[:] = value.to_bytes(8, "little")

    def pointer(self, table: int, slot: int) -> int:
        return self.read(table + 8 * slot)

    # --- what must be so ---

    def check_drops(self) -> None:
        """The desk names the first ones only."""
        count, expected = self.read(DROPS), self.drops
        self.drops = []
        seen = [self.read(DROPPED + 8 * i) for i in range(min(count, DROPPED_MOST))]
        if count != len(expected) or Counter(seen) - Counter(expected):
            raise Wrong("not those were dropped that must be, each of them once", named(expected),
                        named(seen))

    def check_heap(self) -> None:
        shared = self.shared()
        user = (sum(vec.capacity * NUMBER for vec in self.vecs)
                + sum(VALUE for box in self.boxes if box is not None)
                + len(shared) * (VALUE_ALIGN + VALUE))
        blocks = (sum(vec.capacity > 0 for vec in self.vecs)
                  + sum(box is not None for box in self.boxes) + len(shared))
        live = self.subject.call(Call.COLLECTION_LIVE)
        if live != blocks:
            word = "more" if live > blocks else "fewer"
            raise Wrong(f"{word} blocks of the heap are in use than there must be",
                        f"{blocks} blocks", f"{live} blocks")
        used = self.subject.call(Call.COLLECTION_USER)
        if used != user:
            raise Wrong("the blocks in use are not as large as they must be", f"{user} bytes",
                        f"{used} bytes")

    def shared(self) -> list[Shared]:
        return list({id(one): one for one in (*self.owners, *self.weaks) if one}.values())

    def check_vec(self, slot: int) -> None:
        vec = self.vecs[slot]
        data, length, capacity, size, align, _ = VEC.unpack(
            self.subject.memory(self.desk + slot * VEC.size, VEC.size))
        name = f"vec {slot}"
        if length != len(vec.values):
            raise Wrong(f"the length of {name} is wrong", len(vec.values), length)
        if capacity != vec.capacity:
            raise Wrong(f"the capacity of {name} is wrong", vec.capacity, capacity)
        if (data == 0) != (capacity == 0):
            raise Wrong(f"the data of {name} is NULL where there is room, or not where there is none",
                        got=hex(data))
        if capacity > 0 and (size, align) != (NUMBER, NUMBER):
            raise Wrong(f"the element's layout of {name} is wrong", (NUMBER, NUMBER), (size, align))
        if capacity > 0 and list(self.numbers(data, length, name)) != vec.values:
            raise Wrong(f"{name} holds the wrong elements", named(vec.values),
                        named(self.numbers(data, length, name)))

    def grown(self, slot: int, additional: int) -> None:
        """The capacity after room was made for so many more elements than there were."""
        vec = self.vecs[slot]
        needed = len(vec.values) + additional
        if needed <= vec.capacity:
            return
        least = max(needed, 2 * vec.capacity, FIRST_CAPACITY)
        capacity = VEC.unpack(self.subject.memory(self.desk + slot * VEC.size, VEC.size))[2]
        if not least <= capacity <= 2 * least:
            raise Wrong(f"vec {slot} had a capacity of {vec.capacity} and needed {needed}",
                        f"a capacity of {least}, or a little more", capacity)
        vec.capacity = capacity

    def is_room(self, slot: int, additional: int) -> bool:
        return len(self.vecs[slot].values) + additional <= self.vecs[slot].capacity

    def check_value(self, address: int, number: int, what: str) -> None:
        if address % VALUE_ALIGN != 0:
            raise Wrong(f"the address of {what} is no multiple of {VALUE_ALIGN}", got=hex(address))
        expected = tuple(range(number, number + VALUE_NUMBERS))
        seen = self.numbers(address, VALUE_NUMBERS, what)
        if seen != expected:
            raise Wrong(f"{what} holds the wrong value", named(expected), named(seen))

    def check_box(self, slot: int) -> None:
        number, address = self.boxes[slot], self.pointer(BOXES, slot)
        if number is not None:
            self.check_value(address, number, f"box {slot}")

    def check_shared(self) -> None:
        for one in self.shared():
            what = "the shared value"
            if one.owners > 0:
                self.check_value(one.address, one.number, what)
            strong, weak = struct.unpack("<II", self.bytes(one.address - 8, 8, what))
            if strong != one.owners:
                raise Wrong("the count of owners is wrong", one.owners, strong)
            if weak != one.weaks + (one.owners > 0):
                raise Wrong("the count of weak owners, and one for all owners, is wrong",
                            one.weaks + (one.owners > 0), weak)

    def check_answer(self, what: str, expected: int, got: int) -> None:
        if expected != got:
            raise Wrong(f"{what} returned the wrong result", result(expected), result(got))


def named(numbers: Sequence[int]) -> str:
    """A few numbers; clones have a mark."""
    words = [f"clone of {n - CLONED}" if CLONED <= n < 2 * CLONED else str(n) for n in numbers[:12]]
    return f"[{', '.join(words)}{', ...' if len(numbers) > 12 else ''}]"


def result(answer: int) -> str:
    return {NO_MEMORY: "-ENOMEM"}.get(answer, hex(answer) if answer > 2**32 else str(answer))


# --- the verbs of steps -----------------------------------------------------------------------------


def push(world: World, slot: int, value: int, is_try: bool = False, fails: bool = False) -> None:
    vec = world.vecs[slot]
    call = Call.VEC_TRY_PUSH if is_try else Call.VEC_PUSH
    needs = not world.is_room(slot, 1)
    answer, failed = world.call_without_memory(
        f"vec_{'try_' * is_try}push(vec {slot}, {value})", fails and is_try, needs, call, slot, value)
    world.check_answer("the push", NO_MEMORY if failed else 0, answer)
    if not failed:
        world.grown(slot, 1)
        vec.values.append(value)
    after_vec(world, slot)


def pop(world: World, slot: int) -> None:
    values = world.vecs[slot].values
    there = world.call(f"vec_pop(vec {slot})", Call.VEC_POP, slot)
    world.check_answer("vec_pop", bool(values), there)
    if values and world.read(OUT) != values[-1]:
        raise Wrong("vec_pop gave the wrong element", values[-1], world.read(OUT))
    del values[-1:]
    after_vec(world, slot)


def insert(world: World, slot: int, place: int, value: int, is_try: bool = False,
           fails: bool = False) -> None:
    values = world.vecs[slot].values
    index = place % (len(values) + 1)
    call = Call.VEC_TRY_INSERT if is_try else Call.VEC_INSERT
    needs = not world.is_room(slot, 1)
    answer, failed = world.call_without_memory(
        f"vec_{'try_' * is_try}insert(vec {slot}, {index}, {value})", fails and is_try, needs, call,
        slot, index, value)
    world.check_answer("the insertion", NO_MEMORY if failed else 0, answer)
    if not failed:
        world.grown(slot, 1)
        values.insert(index, value)
    after_vec(world, slot)


def remove(world: World, slot: int, place: int) -> None:
    values = world.vecs[slot].values
    if not values:
        return
    index = place % len(values)
    value = world.call(f"vec_remove(vec {slot}, {index})", Call.VEC_REMOVE, slot, index)
    world.check_answer("vec_remove", values.pop(index), value)
    after_vec(world, slot)


def at(world: World, slot: int, place: int) -> None:
    values = world.vecs[slot].values
    if not values:
        return
    index = place % len(values)
    address = world.call(f"vec_at(vec {slot}, {index})", Call.VEC_AT, slot, index)
    seen = world.numbers(address, 1, "the element")[0]
    if seen != values[index]:
        raise Wrong("vec_at gave the address of something else", values[index], seen)


def truncate(world: World, slot: int, length: int) -> None:
    values = world.vecs[slot].values
    world.drops = values[length:]
    world.call(f"vec_truncate(vec {slot}, {length})", Call.VEC_TRUNCATE, slot, length)
    del values[length:]
    after_vec(world, slot)


def reserve(world: World, slot: int, additional: int, is_try: bool = False, fails: bool = False) -> None:
    needs = not world.is_room(slot, additional)
    call = Call.VEC_TRY_RESERVE if is_try else Call.VEC_RESERVE
    answer, failed = world.call_without_memory(
        f"vec_{'try_' * is_try}reserve(vec {slot}, {additional})", fails and is_try, needs, call, slot,
        additional)
    world.check_answer("the reservation", NO_MEMORY if failed else 0, answer)
    if not failed:
        world.grown(slot, additional)
    after_vec(world, slot)


def reserve_too_much(world: World, slot: int, less: int, part: int) -> None:
    """So many elements that there is no number for them or for their bytes."""
    additional = (2**64 - 1) // (1, 2, 8)[part % 3] - less
    answer = world.call(f"vec_try_reserve(vec {slot}, {additional:#x})", Call.VEC_TRY_RESERVE, slot,
                        additional)
    world.check_answer("vec_try_reserve", NO_MEMORY, answer)
    after_vec(world, slot)


def shrink(world: World, slot: int, fails: bool = False) -> None:
    """The heap may be able to make a block smaller without being asked for another one."""
    vec = world.vecs[slot]
    text = f"vec_shrink(vec {slot})"
    if fails:
        world.subject.call(Call.COLLECTION_FAIL, 1)
        text += ", and the heap has no memory"
    world.call(text, Call.VEC_SHRINK, slot)
    if not (fails and world.subject.call(Call.COLLECTION_FAIL, 0)):
        vec.capacity = len(vec.values)
    after_vec(world, slot)


def extend(world: World, slot: int, values: Sequence[int], is_try: bool = False,
           fails: bool = False) -> None:
    values = list(values)[:VALUES]
    array = world.desk + ARRAY
    world.subject.memory(array, 8 * len(values))[:] = struct.pack(f"<{len(values)}Q", *values)
    extend_by(world, slot, array, values, f"{len(values)} others", is_try, fails)


def extend_by_itself(world: World, slot: int, place: int, count: int, is_try: bool = False,
                     fails: bool = False) -> None:
    values = world.vecs[slot].values
    if not values:
        return
    index = place % len(values)
    own = values[index:index + 1 + count % 8]
    array = world.read(slot * VEC.size) + NUMBER * index
    extend_by(world, slot, array, own, f"its own elements from {index} on, {len(own)} of them", is_try,
              fails)


def extend_by(world: World, slot: int, array: int, values: list[int], text: str, is_try: bool,
              fails: bool) -> None:
    needs = not world.is_room(slot, len(values))
    call = Call.VEC_TRY_EXTEND if is_try else Call.VEC_EXTEND
    answer, failed = world.call_without_memory(
        f"vec_{'try_' * is_try}extend(vec {slot}, {text})", fails and is_try, needs, call, slot, array,
        len(values))
    if is_try:
        world.check_answer("vec_try_extend", NO_MEMORY if failed else 0, answer)
    if not failed:
        world.grown(slot, len(values))
        world.vecs[slot].values += values
    after_vec(world, slot)


def clone(world: World, slot: int, to: int, by_function: bool, fails_at: int = 0,
          fails: bool = False) -> None:
    """fails_at: the clone function fails at this element; fails: the heap does."""
    vec = world.vecs[slot]
    if slot == to or world.vecs[to].capacity > 0:
        return
    cloned = [value + CLONED * by_function for value in vec.values]
    fails_at = fails_at if by_function and not fails and fails_at <= len(cloned) else 0
    is_try = bool(fails_at) or fails
    world.write(CLONES, 0)
    world.write(CLONE_FAILS, fails_at)
    if fails_at:
        world.drops = cloned[:fails_at - 1]
    text = (f"vec_{'try_' * is_try}clone(vec {to}, vec {slot}, {'clone' if by_function else 'NULL'})"
            + (f", and clone fails at the {fails_at}. element" if fails_at else ""))
    answer, failed = world.call_without_memory(
        text, fails, bool(cloned), Call.VEC_TRY_CLONE if is_try else Call.VEC_CLONE, slot, to,
        by_function)
    failed = failed or bool(fails_at)
    world.check_answer("the clone", NO_MEMORY if failed else 0, answer)
    if not failed:
        world.vecs[to] = Vec(cloned, len(cloned))
        if by_function and world.read(CLONES) != len(cloned):
            raise Wrong("not each element was cloned once", len(cloned), world.read(CLONES))
    world.check_vec(slot)
    after_vec(world, to)


def free(world: World, slot: int) -> None:
    world.drops = world.vecs[slot].values
    world.call(f"vec_free(vec {slot})", Call.VEC_FREE, slot)
    world.vecs[slot] = Vec()
    after_vec(world, slot)


def after_vec(world: World, slot: int) -> None:
    world.check_vec(slot)
    world.check_heap()


def box_new(world: World, slot: int, number: int, is_try: bool = False, fails: bool = False) -> None:
    if world.boxes[slot] is not None:
        return
    text = f"box {slot} = box_{'try_' * is_try}new({number})"
    if is_try:
        answer, failed = world.call_without_memory(text, fails, True, Call.BOX_TRY_NEW, slot, number)
        if failed:
            world.check_answer("box_try_new", 0, answer)
    else:
        world.call(text, Call.BOX_NEW, slot, number)
        failed = False
    world.boxes[slot] = None if failed else number
    after_boxes(world)


def box_clone(world: World, slot: int, to: int, by_function: bool, fails: int = 0) -> None:
    """fails: 1 where the heap has no memory, 2 where the clone function fails."""
    number = world.boxes[slot]
    if number is None or world.boxes[to] is not None:
        return
    function_fails = fails == 2 and by_function
    is_try = fails == 1 or function_fails
    world.write(CLONES, 0)
    world.write(CLONE_FAILS, int(function_fails))
    answer, failed = world.call_without_memory(
        f"box {to} = box_{'try_' * is_try}clone(box {slot}, {'clone' if by_function else 'NULL'})"
        + ", and clone fails" * function_fails, fails == 1, True,
        Call.BOX_TRY_CLONE if is_try else Call.BOX_CLONE, slot, to, by_function)
    failed = failed or function_fails
    if failed:
        world.check_answer("box_try_clone", 0, answer)
    world.boxes[to] = None if failed else number + CLONED * by_function
    if world.boxes[to] is not None and world.pointer(BOXES, to) == world.pointer(BOXES, slot):
        raise Wrong("the clone of a box is the box itself")
    after_boxes(world)


def box_free(world: World, slot: int, drops: bool) -> None:
    number = world.boxes[slot]
    if number is None:
        return
    world.drops = [number] * drops
    if drops:
        world.call(f"box_drop(box {slot}, drop)", Call.BOX_DROP, slot)
    else:
        world.call(f"box_free(box {slot})", Call.BOX_FREE, slot)
    world.boxes[slot] = None
    after_boxes(world)


def box_new_ends(world: World, slot: int, number: int) -> None:
    """Without memory there is no way back from box_new; so a trace has this at its end."""
    if world.boxes[slot] is not None:
        return
    world.subject.call(Call.COLLECTION_FAIL, 1)
    try:
        world.call(f"box {slot} = box_new({number}), and the heap has no memory", Call.BOX_NEW, slot,
                   number)
    except Ended as ended:
        words = f"out of heap: no block for a layout of {VALUE} bytes aligned to {VALUE_ALIGN}"
        if words not in ended.message + ended.output:
            raise Wrong("box_new without memory must end in the allocation error handler", words,
                        ended.message) from ended
        return
    raise Wrong("box_new came back without memory", "a panic of the allocation error handler")


def after_boxes(world: World) -> None:
    for slot in range(SLOTS):
        world.check_box(slot)
    world.check_heap()


def rc_new(world: World, slot: int, number: int, is_try: bool = False, fails: bool = False) -> None:
    if world.owners[slot] is not None:
        return
    text = f"owner {slot} = rc_{'try_' * is_try}new({number})"
    if is_try:
        answer, failed = world.call_without_memory(text, fails, True, Call.RC_TRY_NEW, slot, number)
        if failed:
            world.check_answer("rc_try_new", 0, answer)
    else:
        world.call(text, Call.RC_NEW, slot, number)
        failed = False
    if not failed:
        world.owners[slot] = Shared(number, world.pointer(OWNERS, slot))
    after_rc(world)


def rc_clone(world: World, slot: int, to: int) -> None:
    one = world.owners[slot]
    if one is None or world.owners[to] is not None:
        return
    world.call(f"owner {to} = rc_clone(owner {slot})", Call.RC_CLONE, slot, to)
    if world.pointer(OWNERS, to) != one.address:
        raise Wrong("rc_clone gave another value")
    one.owners += 1
    world.owners[to] = one
    after_rc(world)


def rc_release(world: World, slot: int) -> None:
    one = world.owners[slot]
    if one is None:
        return
    is_last = one.owners == 1
    world.drops = [one.number] * is_last
    world.call(f"rc_release(owner {slot})", Call.RC_RELEASE, slot)
    if is_last and world.read(OWNERS_AT_DROP) != 0:
        raise Wrong("the value still had an owner when it was dropped, and so could get more", 0,
                    world.read(OWNERS_AT_DROP))
    one.owners -= 1
    world.owners[slot] = None
    after_rc(world)


def rc_downgrade(world: World, slot: int, to: int) -> None:
    one = world.owners[slot]
    if one is None or world.weaks[to] is not None:
        return
    world.call(f"rc_downgrade(weak {to}, owner {slot})", Call.RC_DOWNGRADE, slot, to)
    one.weaks += 1
    world.weaks[to] = one
    after_rc(world)


def rc_weak_clone(world: World, slot: int, to: int) -> None:
    """Also of an empty one."""
    if world.weaks[to] is not None or slot == to:
        return
    world.call(f"rc_weak_clone(weak {to}, weak {slot})", Call.RC_WEAK_CLONE, slot, to)
    one = world.weaks[slot]
    if one is not None:
        one.weaks += 1
    world.weaks[to] = one
    after_rc(world)


def rc_upgrade(world: World, slot: int, to: int) -> None:
    if world.owners[to] is not None:
        return
    one = world.weaks[slot]
    there = one is not None and one.owners > 0
    answer = world.call(f"owner {to} = rc_upgrade(weak {slot})", Call.RC_UPGRADE, slot, to)
    world.check_answer("rc_upgrade", one.address if one is not None and there else 0, answer)
    if one is not None and there:
        one.owners += 1
        world.owners[to] = one
    after_rc(world)


def rc_weak_free(world: World, slot: int) -> None:
    """Also of an empty one."""
    one = world.weaks[slot]
    world.call(f"rc_weak_free(weak {slot})", Call.RC_WEAK_FREE, slot)
    if world.pointer(WEAKS, slot) != 0:
        raise Wrong("a weak owner that was freed is not empty")
    if one is not None:
        one.weaks -= 1
    world.weaks[slot] = None
    after_rc(world)


def after_rc(world: World) -> None:
    world.check_shared()
    world.check_heap()


VERBS: dict[str, Callable[..., None]] = {verb.__name__: verb for verb in (
    push, pop, insert, remove, at, truncate, reserve, reserve_too_much, shrink, extend,
    extend_by_itself, clone, free, box_new, box_clone, box_free, box_new_ends, rc_new, rc_clone,
    rc_release, rc_downgrade, rc_weak_clone, rc_upgrade, rc_weak_free)}
