using Engine.Abi;

namespace Engine.Hosting;

/// <content>Exits for registers.</content>
internal sealed unsafe partial class Hypervisor
{
    /// <summary>Makes writes to a control register exit.</summary>
    public IntStatus EnableCrExit(uint cr) =>
        Has(GlueCapabilities.CrWrites) ? _glue.EnableCrWriteExit(_handle, cr) : IntStatus.NotSupported;

    /// <summary>Ends that.</summary>
    public IntStatus DisableCrExit(uint cr) => _glue.DisableCrWriteExit(_handle, cr);

    /// <summary>Makes accesses to a model-specific register exit; tells whether they did before.</summary>
    public IntStatus EnableMsrExit(uint msr, out bool before)
    {
        byte old = 0;
        IntStatus status =
            Has(GlueCapabilities.MsrWrites) ? _glue.EnableMSRExit(_handle, msr, &old) : IntStatus.NotSupported;
        before = old != 0;
        return status;
    }

    /// <summary>Ends that.</summary>
    public IntStatus DisableMsrExit(uint msr)
    {
        byte old = 0;
        return _glue.DisableMSRExit(_handle, msr, &old);
    }

    /// <summary>Registers, or with 0 unregisters, the handler of control-register writes.</summary>
    public IntStatus RegisterCrHandler(nint handler) =>
        !Has(GlueCapabilities.CrWrites) ? IntStatus.NotSupported
        : handler == 0 ? _glue.UnregisterCrWriteHandler(_handle) : _glue.RegisterCrWriteHandler(_handle, (void*)handler);

    /// <summary>Registers, or with 0 unregisters, the handler of model-specific registers.</summary>
    public IntStatus RegisterMsrHandler(nint handler) =>
        !Has(GlueCapabilities.MsrWrites) ? IntStatus.NotSupported
        : handler == 0 ? _glue.UnregisterMSRHandler(_handle) : _glue.RegisterMSRHandler(_handle, (void*)handler);

    /// <summary>Registers, or with 0 unregisters, the handler of descriptor-table registers.</summary>
    public IntStatus RegisterDtrHandler(nint handler) =>
        !Has(GlueCapabilities.TableLoads) ? IntStatus.NotSupported
        : handler == 0 ? _glue.UnregisterDtrHandler(_handle) : _glue.RegisterDtrHandler(_handle, (void*)handler);

    /// <summary>Registers, or with 0 unregisters, the handler of XSETBV.</summary>
    public IntStatus RegisterXcrHandler(nint handler) =>
        !Has(GlueCapabilities.XcrWrites) ? IntStatus.NotSupported
        : handler == 0 ? _glue.UnregisterXcrWriteHandler(_handle) : _glue.RegisterXcrWriteHandler(_handle, (void*)handler);

    /// <summary>Registers, or with 0 unregisters, the handler of the timer.</summary>
    public IntStatus RegisterTimerHandler(nint handler) =>
        !Has(GlueCapabilities.Timer) ? IntStatus.NotSupported
        : handler == 0 ? _glue.UnregisterIntroTimerHandler(_handle) : _glue.RegisterIntroTimerHandler(_handle, (void*)handler);

    /// <summary>Pauses all vCPUs, where the glue can; nests. Balanced by <see cref="Resume"/> if it returns true.</summary>
    public bool TryPause() => Has(GlueCapabilities.Pause) && _glue.PauseVcpus(_handle).IsSuccess();

    /// <summary>Lets the vCPUs go on.</summary>
    public void Resume() => _glue.ResumeVcpus(_handle);

    private bool Has(GlueCapabilities capability) => (Capabilities & capability) != GlueCapabilities.None;
}
