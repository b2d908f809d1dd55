/* two.c: a program with two Rust libraries in it. */

#include <stdio.h>
#include <volcv.h>

/* In other.rs: 1 if it caught its own panic. */
int other_panics(void);

int main(void)
{
    volcv_client *client;
    if (volcv_client_create(VOLCV_ABI_VERSION, NULL, &client, NULL) == VOLCV_OK) return 1;
    printf("%s, %s\n", volcv_version(), other_panics() ? "a panic was caught" : "no panic was caught");
    return volcv_shutdown(1000) == VOLCV_OK ? 0 : 2;
}
