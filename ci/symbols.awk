# symbols.awk - the kernel's table of function names, as assembly (see os/lib/symbols.h).
# Input: nm -n of the linked kernel. No input gives an empty table.

BEGIN { count = 0 }

$3 == "stext" { stext = $1 }

$2 ~ /^[tT]$/ && $3 !~ /^(\$|\.L|stext$|etext$)/ {
    address[count] = $1
    name[count++] = $3
}

END {
    print ".section .symbols, \"a\""
    print ".globl kernel_symbol_count, kernel_symbols, kernel_symbol_names"
    print ".balign 8"
    printf "kernel_symbol_count: .dword %d\n", count
    print "kernel_symbols:"
    for (i = 0; i < count; i++) {
        printf ".word 0x%s - 0x%s, %d\n", address[i], stext, offset
        offset += length(name[i]) + 1
    }
    print "kernel_symbol_names:"
    for (i = 0; i < count; i++)
        printf ".asciz \"%s\"\n", name[i]
}
