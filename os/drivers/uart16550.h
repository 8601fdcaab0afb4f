/*
 * uart16550.h - the National Semiconductor 16550 serial port, output by polling.
 */
#pragma once

#include "drivers/machine.h"

/* Take over the port; the firmware has set its speed. Then uart16550_put may be called. */
void uart16550_init(const struct uart *uart);

/* Wait until there is room, and send. The console's lock is held. */
void uart16550_put(char character);
