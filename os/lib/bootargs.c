/* bootargs.c - the kernel's command line. */
#include "lib/bootargs.h"

#include <stdbool.h>

#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"

const char *const log_level_names[LOG_LEVELS] = {"error", "warn", "info", "debug"};

/* A word of the command line, not NUL-terminated. */
struct word {
    const char *start;
    size_t length;
};

static bool word_is(struct word word, const char *string)
{
    return strlen(string) == word.length && strncmp(word.start, string, word.length) == 0;
}

/* Where the word is NAME=VALUE with this "NAME=", the value. */
static bool word_value(struct word word, const char *name, struct word *value)
{
    const size_t length = strlen(name);
    if (word.length < length || strncmp(word.start, name, length) != 0)
        return false;
    *value = (struct word){word.start + length, word.length - length};
    return true;
}

static bool parse_level(struct word value, enum log_level *level)
{
    for (unsigned i = 0; i < LOG_LEVELS; i++)
        if (word_is(value, log_level_names[i])) {
            *level = (enum log_level)i;
            return true;
        }
    return false;
}

static bool parse_test(struct word value, char test[TEST_NAME_SIZE])
{
    if (value.length == 0 || value.length >= TEST_NAME_SIZE)
        return false;
    memcpy(test, value.start, value.length);
    test[value.length] = '\0';
    return true;
}

static const char *parse_word(struct bootargs *bootargs, struct word word)
{
    struct word value;

    if (word_value(word, "log=", &value))
        return parse_level(value, &bootargs->level) ? NULL
                                                    : "log= takes error, warn, info or debug";
    if (word_value(word, "test=", &value))
        return parse_test(value, bootargs->test) ? NULL : "test= takes a test's name";
    return "known are log=LEVEL and test=NAME";
}

int bootargs_parse(struct bootargs *bootargs, const char *text, char *why, size_t why_size)
{
    *bootargs = (struct bootargs){.level = LOG_INFO};
    for (;;) {
        while (*text == ' ')
            text++;
        if (*text == '\0')
            return 0;
        struct word word = {text, 0};
        while (*text != ' ' && *text != '\0')
            text++;
        word.length = (size_t)(text - word.start);
        const char *const error = parse_word(bootargs, word);
        if (error != NULL) {
            const int shown = word.length < 40 ? (int)word.length : 40;
            char name[41] = "";
            memcpy(name, word.start, (size_t)shown);
            ksnprintf(why, why_size, "unknown bootarg \"%s\": %s", name, error);
            return -EINVAL;
        }
    }
}
