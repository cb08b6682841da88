/*
 * generated.c: see generated.h.
 *
 * The program takes one number through all of its methods. Each statement is computed here as it is
 * written down, with the number that it will meet when the program runs, as C# defines it for a
 * uint.
 */
#include "generated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    BYTES_PER_LINE = 100, /* more than any line takes on average */
    METHODS_PER_CLASS = 16,
    STATEMENTS_PER_METHOD = 8,
    LINES_OF_A_METHOD = 80, /* at most, with what opens and closes a class */
    METHODS_PER_GROUP = 64, /* calls of so many stand in one method */
    EXIT_CODES = 200
};

struct writer {
    char *text;
    size_t length;
    size_t size;
    int lines;
    int methods;
    uint32_t random;
    uint32_t x; /* the number on its way through the program */
};

/* ------------------------------------------------------------------------------------------------
 * Text and numbers
 * --------------------------------------------------------------------------------------------- */

static void write_line(struct writer *writer, const char *format, ...)
{
    size_t room = writer->size - writer->length;
    va_list values;
    int length;

    va_start(values, format);
    length = vsnprintf(writer->text + writer->length, room, format, values);
    va_end(values);
    assert_true(length >= 0 && (size_t)length + 1 < room);
    writer->length += (size_t)length;
    writer->text[writer->length++] = '\n';
    writer->text[writer->length] = '\0';
    writer->lines++;
}

/* xorshift */
static uint32_t next_random(struct writer *writer)
{
    writer->random ^= writer->random << 13;
    writer->random ^= writer->random >> 17;
    writer->random ^= writer->random << 5;
    return writer->random;
}

/* ------------------------------------------------------------------------------------------------
 * Statements
 * --------------------------------------------------------------------------------------------- */

static void write_sum(struct writer *writer)
{
    uint32_t term = next_random(writer);

    write_line(writer, "        x += %uu;", term);
    writer->x += term;
}

static void write_rotation(struct writer *writer)
{
    uint32_t by = 1 + next_random(writer) % 31;

    write_line(writer, "        x = x << %u | x >> %u;", by, 32 - by);
    writer->x = writer->x << by | writer->x >> (32 - by);
}

static void write_condition(struct writer *writer)
{
    uint32_t bit = UINT32_C(1) << next_random(writer) % 32;
    uint32_t term = next_random(writer);

    write_line(writer, "        if ((x & %uu) != 0)", bit);
    write_line(writer, "            x ^= %uu;", term);
    write_line(writer, "        else");
    write_line(writer, "            x -= %uu;", term);
    writer->x = writer->x & bit ? writer->x ^ term : writer->x - term;
}

static void write_loop(struct writer *writer)
{
    uint32_t count = 1 + next_random(writer) % 20;

    write_line(writer, "        for (uint i = 0; i < %u; i++)", count);
    write_line(writer, "            x = x * 31 + i;");
    for (uint32_t i = 0; i < count; i++)
        writer->x = writer->x * 31 + i;
}

static void write_switch(struct writer *writer)
{
    uint32_t terms[3];

    write_line(writer, "        switch (x %% 4) {");
    for (int i = 0; i < 3; i++) {
        terms[i] = next_random(writer);
        write_line(writer, "        case %d:", i);
        write_line(writer, "            x += %uu;", terms[i]);
        write_line(writer, "            break;");
    }
    write_line(writer, "        default:");
    write_line(writer, "            x = ~x;");
    write_line(writer, "            break;");
    write_line(writer, "        }");
    writer->x = writer->x % 4 < 3 ? writer->x + terms[writer->x % 4] : ~writer->x;
}

/* foreach is compiled differently for an array than for a sequence. */
static void write_array(struct writer *writer)
{
    uint32_t terms[3];

    for (int i = 0; i < 3; i++)
        terms[i] = next_random(writer);
    write_line(writer, "        foreach (uint value in new uint[] { %uu, %uu, %uu })", terms[0],
               terms[1], terms[2]);
    write_line(writer, "            x = x * 17 ^ value;");
    for (int i = 0; i < 3; i++)
        writer->x = (writer->x * 17) ^ terms[i];
}

static void write_text(struct writer *writer)
{
    uint32_t letters = next_random(writer) % 20;

    write_line(writer, "        x = x * 7 + (uint)(\"%.*s\" + x %% 10).Length;", (int)letters,
               "abcdefghijklmnopqrst");
    writer->x = writer->x * 7 + letters + 1;
}

/* The function holds on to a variable of its own, so a class is made for it. */
static void write_lambda(struct writer *writer)
{
    uint32_t factor = next_random(writer) | 1;

    write_line(writer, "        {");
    write_line(writer, "            uint kept = x;");
    write_line(writer, "            Func<uint, uint> function = value => value * %uu + kept;",
               factor);
    write_line(writer, "            x = function(x >> 1);");
    write_line(writer, "        }");
    writer->x = (writer->x >> 1) * factor + writer->x;
}

static void write_generic(struct writer *writer)
{
    uint32_t second = next_random(writer);

    write_line(writer,
               "        x ^= new Pair<uint, string>(x / 3, \"%u\").First + new "
               "Pair<string, uint>(null, %uu).Second;",
               second % 1000, second);
    writer->x ^= writer->x / 3 + second;
}

static void write_sequence(struct writer *writer)
{
    uint32_t count = 1 + next_random(writer) % 10;

    write_line(writer, "        foreach (uint value in Sequence.From(x, %u))", count);
    write_line(writer, "            x += value;");
    for (uint32_t i = 0, value = writer->x; i < count; i++, value = value * 5 + 1)
        writer->x += value;
}

static void write_exception(struct writer *writer)
{
    uint32_t term = next_random(writer);

    write_line(writer, "        try {");
    write_line(writer, "            x += %uu / (x %% 2);", term);
    write_line(writer, "        } catch (DivideByZeroException) {");
    write_line(writer, "            x++;");
    write_line(writer, "        }");
    writer->x += writer->x % 2 ? term : 1;
}

static void write_statement(struct writer *writer)
{
    static void (*const statements[])(struct writer *) = {
        write_sum,   write_rotation, write_condition, write_loop,    write_switch,
        write_array, write_text,     write_lambda,    write_generic, write_sequence,
    };

    statements[next_random(writer) % (sizeof(statements) / sizeof(*statements))](writer);
}

/* ------------------------------------------------------------------------------------------------
 * Classes
 * --------------------------------------------------------------------------------------------- */

static void write_head(struct writer *writer)
{
    static const char *const lines[] = {
        "using System;",
        "using System.Collections.Generic;",
        "",
        "sealed class Pair<TFirst, TSecond>",
        "{",
        "    public readonly TFirst First;",
        "    public readonly TSecond Second;",
        "",
        "    public Pair(TFirst first, TSecond second)",
        "    {",
        "        First = first;",
        "        Second = second;",
        "    }",
        "}",
        "",
        "static class Sequence",
        "{",
        "    public static IEnumerable<uint> From(uint value, int count)",
        "    {",
        "        for (int i = 0; i < count; i++, value = value * 5 + 1)",
        "            yield return value;",
        "    }",
        "}",
        "",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
        write_line(writer, "%s", lines[i]);
}

static void write_method(struct writer *writer)
{
    if (writer->methods % METHODS_PER_CLASS == 0) {
        write_line(writer, "static class Part%d", writer->methods / METHODS_PER_CLASS);
        write_line(writer, "{");
    }
    write_line(writer, "    public static uint Step%d(uint x)", writer->methods);
    write_line(writer, "    {");
    for (int i = 0; i < STATEMENTS_PER_METHOD; i++)
        write_statement(writer);
    if (writer->methods % METHODS_PER_CLASS == 0)
        write_exception(writer);
    write_line(writer, "        return x;");
    write_line(writer, "    }");
    if (++writer->methods % METHODS_PER_CLASS == 0)
        write_line(writer, "}");
}

/* What the calls of all methods take, and all that closes the program. */
static int lines_of_the_rest(const struct writer *writer)
{
    int groups = (writer->methods + METHODS_PER_GROUP) / METHODS_PER_GROUP + 1;

    return writer->methods + 7 * groups + 20;
}

static void write_group(struct writer *writer, int group)
{
    int first = group * METHODS_PER_GROUP;

    write_line(writer, "    static uint Run%d(uint x)", group);
    write_line(writer, "    {");
    for (int i = first; i < first + METHODS_PER_GROUP && i < writer->methods; i++)
        write_line(writer, "        x = Part%d.Step%d(x);", i / METHODS_PER_CLASS, i);
    write_line(writer, "        return x;");
    write_line(writer, "    }");
}

static void write_main(struct writer *writer, uint32_t seed)
{
    int groups = (writer->methods + METHODS_PER_GROUP - 1) / METHODS_PER_GROUP;

    write_line(writer, "static class Program");
    write_line(writer, "{");
    for (int group = 0; group < groups; group++)
        write_group(writer, group);
    write_line(writer, "    static int Main()");
    write_line(writer, "    {");
    write_line(writer, "        uint x = %uu;", seed);
    for (int group = 0; group < groups; group++)
        write_line(writer, "        x = Run%d(x);", group);
    write_line(writer, "        Console.WriteLine(\"checksum {0}\", x);");
    write_line(writer, "        return (int)(x %% %d);", EXIT_CODES);
    write_line(writer, "    }");
    write_line(writer, "}");
}

struct generated_program generate_program(int lines, uint32_t seed)
{
    struct writer writer = {.size = (size_t)lines * BYTES_PER_LINE, .random = seed | 1, .x = seed};

    assert_true(lines >= GENERATED_LINES_LEAST);
    writer.text = malloc(writer.size);
    assert_non_null(writer.text);
    write_head(&writer);
    while (writer.lines + LINES_OF_A_METHOD + lines_of_the_rest(&writer) < lines)
        write_method(&writer);
    if (writer.methods % METHODS_PER_CLASS)
        write_line(&writer, "}");
    write_main(&writer, seed);
    assert_true(writer.lines <= lines);
    while (writer.lines < lines)
        write_line(&writer, "// %d", writer.lines + 1);
    return (struct generated_program){writer.text, writer.x, writer.x % EXIT_CODES};
}
