/*
 * cxx_use.cpp: hostmem from C++: a callback that is a class, calls through the interfaces, and IIDs
 * by __uuidof. Also the program that shows that the import library's symbols are those that a C++
 * compiler refers to. The exit code is how many expectations did not hold.
 */
#include <initguid.h>

#include <hostmem/hostmem.h>

#include <cstdio>

namespace
{

int failures = 0;

void expect(bool holds, const char *what)
{
    if (!holds) {
        std::printf("not so: %s\n", what);
        ++failures;
    }
}

/* A host's own callback; it lives as long as main. */
class Callback final : public ICLRMemoryNotificationCallback
{
  public:
    HRESULT STDMETHODCALLTYPE QueryInterface(REFIID iid, void **object) override
    {
        *object = nullptr;
        if (iid != __uuidof(IUnknown) && iid != __uuidof(ICLRMemoryNotificationCallback))
            return E_NOINTERFACE;
        *object = static_cast<ICLRMemoryNotificationCallback *>(this);
        AddRef();
        return S_OK;
    }

    ULONG STDMETHODCALLTYPE AddRef() override
    {
        return ++references_;
    }

    ULONG STDMETHODCALLTYPE Release() override
    {
        return --references_;
    }

    HRESULT STDMETHODCALLTYPE OnMemoryNotification(EMemoryAvailable) override
    {
        return S_OK;
    }

    ULONG references() const
    {
        return references_;
    }

  private:
    ULONG references_ = 1;
};

void use_pages(IHostMemoryManager *manager)
{
    void *memory = nullptr;

    expect(manager->VirtualAlloc(nullptr, 0x10000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE,
                                 eTaskCritical, &memory) == S_OK,
           "VirtualAlloc through the interface succeeds");
    if (memory)
        *static_cast<volatile int *>(memory) = 1;
    expect(manager->VirtualFree(memory, 0, MEM_RELEASE) == S_OK, "and VirtualFree");
    expect(manager->VirtualFree(memory, 0, MEM_RELEASE) == HOST_E_INVALIDOPERATION,
           "but not a second time");
}

void use_heap(IHostMemoryManager *manager)
{
    IHostMalloc *heap = nullptr;
    void *block = nullptr;

    expect(manager->CreateMalloc(MALLOC_THREADSAFE, &heap) == S_OK, "CreateMalloc succeeds");
    if (!heap)
        return;
    expect(heap->Alloc(100, eProcessCritical, &block) == S_OK, "Alloc succeeds");
    expect(heap->Free(block) == S_OK, "Free succeeds");
    heap->Release();
}

void use_inspection(IHostMemoryManager *manager)
{
    IHostMemInspection *inspection = nullptr;
    HOSTMEM_AUDIT audit = {};

    audit.cbSize = sizeof(audit);
    expect(manager->QueryInterface(__uuidof(IHostMemInspection),
                                   reinterpret_cast<void **>(&inspection)) == S_OK,
           "the manager knows IHostMemInspection by __uuidof");
    if (!inspection)
        return;
    expect(inspection->Audit(&audit, nullptr, nullptr) == S_OK, "the audit finds no difference");
    inspection->Release();
}

void use_host_control(IHostMemoryManager *manager)
{
    IHostControl *control = nullptr;
    void *found = nullptr;

    expect(HostMemCreateHostControl(manager, nullptr, &control) == S_OK, "a host control is made");
    if (!control)
        return;
    expect(control->GetHostManager(IID_IHostMemoryManager, &found) == S_OK && found == manager,
           "it hands out the manager");
    if (found)
        manager->Release();
    control->Release();
}

} // namespace

int main()
{
    Callback callback;
    IHostMemoryManager *manager = nullptr;

    expect(IsEqualIID(__uuidof(IHostMemoryManager), IID_IHostMemoryManager) &&
               IsEqualIID(__uuidof(IHostMalloc), IID_IHostMalloc) &&
               IsEqualIID(__uuidof(IHostMemInspection), IID_IHostMemInspection) &&
               IsEqualIID(__uuidof(ICLRMemoryNotificationCallback),
                          IID_ICLRMemoryNotificationCallback),
           "__uuidof and the IIDs agree");
    expect(HostMemGetVersion() == HOSTMEM_VERSION, "the DLL is of the headers' version");
    expect(HostMemCreateManager(nullptr, &manager) == S_OK, "a manager is made");
    if (!manager)
        return failures;
    expect(manager->RegisterMemoryNotificationCallback(&callback) == S_OK &&
               callback.references() == 2,
           "the callback is kept with a reference");
    use_pages(manager);
    use_heap(manager);
    use_inspection(manager);
    use_host_control(manager);
    manager->Release();
    expect(callback.references() == 1, "the manager's end gives the callback's reference back");
    return failures;
}
