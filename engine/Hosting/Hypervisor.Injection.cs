using Engine.Abi;

namespace Engine.Hosting;

/// <content>Exceptions into the guest, and exits of what the engine has put into it.</content>
internal sealed unsafe partial class Hypervisor
{
    /// <summary>
    /// Asks for an exception to be delivered when the vCPU enters the guest next. A request: something of higher priority may come in
    /// its place, which the handler of injections is told.
    /// </summary>
    /// <param name="vcpu">Number of the vCPU.</param>
    /// <param name="vector">Vector.</param>
    /// <param name="errorCode">Error code, 0 where the vector has none.</param>
    /// <param name="cr2">Address, for a page fault.</param>
    public IntStatus InjectTrap(uint vcpu, byte vector, uint errorCode, ulong cr2) =>
        Has(GlueCapabilities.Injection)
            ? _glue.InjectTrap(_handle, vcpu, vector, errorCode, cr2) : IntStatus.NotSupported;

    /// <summary>Registers, or with 0 unregisters, the handler of delivered events.</summary>
    public IntStatus RegisterEventInjectionHandler(nint handler) =>
        !Has(GlueCapabilities.InjectionNotices) ? IntStatus.NotSupported
        : handler == 0 ? _glue.UnregisterEventInjectionHandler(_handle)
        : _glue.RegisterEventInjectionHandler(_handle, (void*)handler);

    /// <summary>Registers, or with 0 unregisters, the handler of breakpoints.</summary>
    public IntStatus RegisterBreakpointHandler(nint handler) =>
        !Has(GlueCapabilities.Breakpoints) ? IntStatus.NotSupported
        : handler == 0 ? _glue.UnregisterBreakpointHandler(_handle)
        : _glue.RegisterBreakpointHandler(_handle, (void*)handler);

    /// <summary>Registers, or with 0 unregisters, the handler of VMCALL.</summary>
    public IntStatus RegisterIntroCallHandler(nint handler) =>
        !Has(GlueCapabilities.IntroCalls) ? IntStatus.NotSupported
        : handler == 0 ? _glue.UnregisterIntroCallHandler(_handle)
        : _glue.RegisterIntroCallHandler(_handle, (void*)handler);
}
