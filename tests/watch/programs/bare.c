/*
 * bare.c: a program without imports and without a C run-time library. It ends with exit code 5.
 */
int start(void);

int start(void)
{
    return 5;
}
