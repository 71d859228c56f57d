namespace Engine.Abi;

/// <summary>InfoClass of QueryGuestInfo (IG_QUERY_INFO_CLASS); only the classes that this version asks.</summary>
public enum QueryInfoClass : uint
{
    /// <summary><see cref="IgArchRegs"/>, descriptor tables included.</summary>
    RegisterState = 0,

    /// <summary><see cref="IgQueryMsr"/>.</summary>
    ReadMsr = 1,

    /// <summary>DWORD: number of vCPUs.</summary>
    CpuCount = 4,

    /// <summary><see cref="IgArchRegs"/> to set; descriptor tables and CR3 are ignored.</summary>
    SetRegisters = 5,

    /// <summary>DWORD: number of the vCPU that the calling thread runs.</summary>
    CurrentTid = 7,

    /// <summary><see cref="IgArchRegs"/>, everything but the descriptor tables.</summary>
    RegisterStateGprs = 8,

    /// <summary>DWORD: <see cref="IgCsType"/>.</summary>
    CsType = 9,

    /// <summary>DWORD: current privilege level.</summary>
    CsRing = 10,

    /// <summary><see cref="IgSegRegs"/>.</summary>
    SegRegisters = 11,

    /// <summary>DWORD: bytes of the XSAVE area.</summary>
    XsaveSize = 12,

    /// <summary>The XSAVE area, as many bytes as XSAVE_SIZE answers.</summary>
    XsaveArea = 13,

    /// <summary>DWORD: index of the EPT in use.</summary>
    EptpIndex = 14,

    /// <summary>QWORD: number of the last frame of guest-physical memory.</summary>
    MaxGpfn = 15,

    /// <summary>The XSAVE area to set, as many bytes as XSAVE_SIZE answers.</summary>
    SetXsaveArea = 16,

    /// <summary>QWORD: XCR0.</summary>
    GetXcr0 = 17,
}
