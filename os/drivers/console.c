/* console.c - text for people. */
#include "drivers/console.h"

#include "arch/sbi.h"
#include "lib/printf.h"
#include "sync/spinlock.h"

static struct {
    struct spinlock lock; /* held while a text goes out */
    bool lock_broken;     /* a panic prints without it */
    void (*put)(char character);
    enum log_level level;
} console = {.put = sbi_console_put, .level = LOG_INFO};

void console_use(void (*put)(char character))
{
    console.put = put;
}

void console_break_lock(void)
{
    console.lock_broken = true;
}

static unsigned long lock(void)
{
    return console.lock_broken ? 0 : spin_lock_irqsave(&console.lock);
}

static void unlock(unsigned long flags)
{
    if (!console.lock_broken)
        spin_unlock_irqrestore(&console.lock, flags);
}

static void put_character(char character, void *context)
{
    (void)context;
    if (character == '\n')
        console.put('\r');
    console.put(character);
}

static void put_text(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    kvformat(put_character, NULL, format, arguments);
    va_end(arguments);
}

void kvprintf(const char *format, va_list arguments)
{
    const unsigned long flags = lock();
    kvformat(put_character, NULL, format, arguments);
    unlock(flags);
}

void kprintf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    kvprintf(format, arguments);
    va_end(arguments);
}

void log_set_level(enum log_level level)
{
    console.level = level;
}

void log_at(enum log_level level, const char *format, ...)
{
    va_list arguments;

    if (level > console.level)
        return;
    const unsigned long flags = lock();
    put_text("[%s] ", log_level_names[level]);
    va_start(arguments, format);
    kvformat(put_character, NULL, format, arguments);
    va_end(arguments);
    put_text("\n");
    unlock(flags);
}
