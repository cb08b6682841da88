/*
 * module_hold.h: the module that holds this code stays loaded while any object of it lives.
 *
 * Each manager, and each copy of books, has a reference of the module, as LoadLibrary gives one;
 * their heaps and controls keep them alive. The reference is taken when the object has been made.
 * Giving it back is harder: the function that does so would return into code that may be gone. So a
 * Release method is entered through a few instructions (RELEASE_ENTRY) that call the method's body,
 * and then, if that has ended the object, jump to ntdll's LdrUnloadDll, which is what FreeLibrary
 * calls. It takes the module for its one argument, as Release takes the object, and returns to
 * Release's caller. Its result is a status: 0, which is what Release returns, too.
 *
 * An object that ends inside another call, because a callback has released it, has no such way
 * out: the call returns into the module. Then the reference is never given back, and the module
 * stays loaded.
 *
 * All of it calls the loader: it is for making and ending objects, which is outside of I4.
 */
#ifndef HOSTMEM_HOSTING_MODULE_HOLD_H
#define HOSTMEM_HOSTING_MODULE_HOLD_H

#include <stdbool.h>

struct module_hold {
    void *module; /* NULL: none is held */
    void *unload; /* LdrUnloadDll; NULL: there is none, and the module stays loaded */
};

/* False: the loader has no memory. */
bool module_hold_take(struct module_hold *hold);

/*
 * Defines the COM method `name`, ULONG STDMETHODCALLTYPE name(INTERFACE *). It calls
 *     ULONG STDMETHODCALLTYPE body(INTERFACE *iface, struct module_hold *given_back);
 * which fills in *given_back, all zero before, if it has ended what held the module.
 *
 * In both versions the frame has room for a struct module_hold, at 32(%rsp) behind the area that
 * the callee may use, and at (%esp).
 */
#ifdef _WIN64
#define RELEASE_ENTRY(name, body)                                                                  \
    __asm__(".text\n\t.p2align 4\n\t.globl " #name "\n\t.def " #name                               \
            "; .scl 2; .type 32; .endef\n\t.seh_proc " #name "\n" #name ":\n\t"                    \
            "subq $56, %rsp\n\t.seh_stackalloc 56\n\t.seh_endprologue\n\t"                         \
            "xorl %eax, %eax\n\tmovq %rax, 32(%rsp)\n\tmovq %rax, 40(%rsp)\n\t"                    \
            "leaq 32(%rsp), %rdx\n\tcall " #body "\n\t"                                            \
            "movq 32(%rsp), %rcx\n\tmovq 40(%rsp), %rdx\n\ttestq %rdx, %rdx\n\tjne 1f\n\t"         \
            "addq $56, %rsp\n\tret\n"                                                              \
            "1:\taddq $56, %rsp\n\trex.W jmp *%rdx\n\t.seh_endproc\n")
#else
#define RELEASE_ENTRY(name, body)                                                                  \
    __asm__(".text\n\t.p2align 4\n\t.globl _" #name "@4\n\t.def _" #name                           \
            "@4; .scl 2; .type 32; .endef\n_" #name "@4:\n\t"                                      \
            "subl $8, %esp\n\tmovl $0, (%esp)\n\tmovl $0, 4(%esp)\n\tmovl %esp, %eax\n\t"          \
            "pushl %eax\n\tpushl 16(%esp)\n\tcall _" #body "@8\n\t"                                \
            "movl (%esp), %ecx\n\tmovl 4(%esp), %edx\n\taddl $8, %esp\n\t"                         \
            "testl %edx, %edx\n\tjne 1f\n\tret $4\n"                                               \
            "1:\tmovl %ecx, 4(%esp)\n\tjmp *%edx\n")
#endif

#endif
