# lines.awk - the kernel's table of lines, as assembly: of each call the place it stands at, and
# those of the calls that it was inlined into (see os/guard/report.c).
# Input: addr2line -a -f -i on the addresses of all calls, a line each, with
# -v stext=ADDRESS and -v root=DIRECTORY/ of the sources. No input gives an empty table.
#
#   0xffffffc080200a10       an address, then
#   rc_alloc                 pairs of lines, innermost first: the function,
#   os/collections/rc.h:47   and the place in it
#   heap_demo
#   os/heap_test.c:75 (discriminator 3)

function finish() {
    if (address != "" && places != "") {
        if (!(places in offset)) {
            offset[places] = end
            end += length(places) - parts + 3 # "\\0" is one byte, and two end the text
            text[texts++] = places
        }
        entry[count++] = sprintf(".word %s - 0x%s, %d", address, stext, offset[places])
    }
    address = $0
    places = ""
    parts = 0
    want_function = 1
}

/^0x/ { finish(); next }

want_function { name = $0; want_function = 0; next }

{
    want_function = 1
    sub(/ \(discriminator.*/, "")
    if (index($0, root) == 1)
        $0 = substr($0, length(root) + 1)
    if ($0 !~ /^\?/)
        places = places (parts++ ? "\\0" : "") $0 " in " name
}

END {
    finish()
    print ".section .symbols, \"a\""
    print ".globl kernel_line_count, kernel_lines, kernel_line_names"
    print ".balign 8"
    printf "kernel_line_count: .dword %d\n", count
    print "kernel_lines:"
    for (i = 0; i < count; i++)
        print entry[i]
    print "kernel_line_names:"
    for (i = 0; i < texts; i++)
        printf ".asciz \"%s\\0\"\n", text[i]
}
