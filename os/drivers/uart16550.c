/* uart16550.c - the 16550 serial port (National Semiconductor PC16550D data sheet, section 8). */
#include "drivers/uart16550.h"

#include "arch/memlayout.h"

enum { THR = 0, IER = 1, FCR = 2, LCR = 3, LSR = 5 };
enum { FCR_ENABLE = 0x01, FCR_CLEAR = 0x06, LCR_8N1 = 0x03, LSR_ROOM = 0x20 };

static struct {
    volatile uint8_t *base;
    uint32_t shift, width; /* as in struct uart */
} port;

static void write_register(unsigned number, uint8_t value)
{
    volatile uint8_t *const address = port.base + (number << port.shift);
    if (port.width == 4)
        *(volatile uint32_t *)address = value;
    else
        *address = value;
}

static uint8_t read_register(unsigned number)
{
    volatile uint8_t *const address = port.base + (number << port.shift);
    return port.width == 4 ? (uint8_t) * (volatile uint32_t *)address : *address;
}

void uart16550_init(const struct uart *uart)
{
    port.base = physical_to_virtual(uart->base);
    port.shift = uart->reg_shift;
    port.width = uart->reg_width;
    write_register(IER, 0);
    write_register(LCR, LCR_8N1);
    write_register(FCR, FCR_ENABLE | FCR_CLEAR);
}

void uart16550_put(char character)
{
    while (!(read_register(LSR) & LSR_ROOM))
        ;
    write_register(THR, (uint8_t)character);
}
