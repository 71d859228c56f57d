using System.Runtime.InteropServices;

namespace Engine.Abi;

/// <summary>Registers and the page of code around RIP (INTRO_EXEC_CONTEXT), 4,264 bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct IntroExecContext
{
    /// <summary>Bytes of <see cref="RipCode"/>.</summary>
    public const int RipCodeLength = 4096;

    /// <summary>Kind of the code segment.</summary>
    public IgCsType CsType;

    /// <summary>Registers at the exit.</summary>
    public IntroGprs Registers;

    /// <summary>The page that RIP is in; zero where it could not be read.</summary>
    public fixed byte RipCode[RipCodeLength];
}
