using System;

namespace Engine.Instructions.Emulation.State;

/// <summary>
/// x87 state as FXSAVE64 lays it out (SDM 1, 10.5.1.1): the first 160 bytes of an XSAVE area.
/// </summary>
/// <remarks>
/// <code>
/// offset size  field
///      0    2  control word
///      2    2  status word
///      4    1  tags, one bit a register by its number: 1 is in use
///      6    2  opcode
///      8    8  instruction pointer
///     16    8  data pointer
///     24    8  (MXCSR and its mask)
///     32  128  registers in the order of the stack, 10 of 16 bytes each
/// </code>
/// </remarks>
internal readonly ref struct FpuImage(Span<byte> bytes)
{
    public const int ByteSize = 160;

    /// <summary>Bytes of a register.</summary>
    public const int RegisterBytes = 10;

    /// <summary>All exceptions masked, 64-bit precision, to nearest.</summary>
    public const ushort InitialControl = 0x37F;

    private const int TopShift = 11;

    private readonly Span<byte> _bytes = bytes;

    public ushort Control
    {
        get => BitConverter.ToUInt16(_bytes);
        set => BitConverter.TryWriteBytes(_bytes, value);
    }

    public ushort Status
    {
        get => BitConverter.ToUInt16(_bytes[2..]);
        set => BitConverter.TryWriteBytes(_bytes[2..], value);
    }

    /// <summary>Bit i: physical register i is not empty.</summary>
    public byte Tags
    {
        get => _bytes[4];
        set => _bytes[4] = value;
    }

    public ushort Opcode
    {
        get => BitConverter.ToUInt16(_bytes[6..]);
        set => BitConverter.TryWriteBytes(_bytes[6..], value);
    }

    public ulong InstructionPointer
    {
        get => BitConverter.ToUInt64(_bytes[8..]);
        set => BitConverter.TryWriteBytes(_bytes[8..], value);
    }

    public ulong DataPointer
    {
        get => BitConverter.ToUInt64(_bytes[16..]);
        set => BitConverter.TryWriteBytes(_bytes[16..], value);
    }

    /// <summary>Number of the physical register that is the top of the stack.</summary>
    public int Top
    {
        get => (Status >> TopShift) & 7;
        set => Status = (ushort)((Status & ~(7 << TopShift)) | ((value & 7) << TopShift));
    }

    /// <summary>Whether an exception that is not masked waits for the next instruction.</summary>
    public bool HasPendingException => (Status & FpuExceptions.Summary) != 0;

    /// <summary>The 16 bytes of ST(i), of which 10 count.</summary>
    public Span<byte> St(int index) => _bytes.Slice(32 + (16 * index), 16);

    /// <summary>Whether ST(i) is empty.</summary>
    public bool IsEmpty(int index) => (Tags & (1 << ((Top + index) & 7))) == 0;

    /// <summary>Takes the top off the stack: it is empty then, and the next register becomes the top.</summary>
    public void Pop()
    {
        int top = Top;
        Tags = (byte)(Tags & ~(1 << top));
        Span<byte> first = stackalloc byte[16];
        St(0).CopyTo(first);
        for (int i = 0; i < 7; i++)
            St(i + 1).CopyTo(St(i));
        first.CopyTo(St(7));
        Top = top + 1;
    }

    /// <summary>What MMX instructions do to the state: the top is register 0, and no register is empty (SDM 1, 9.5.2).</summary>
    public void EnterMmx()
    {
        Span<byte> registers = stackalloc byte[128];
        int top = Top;
        for (int i = 0; i < 8; i++)
            St((i - top) & 7).CopyTo(registers[(16 * i)..]);
        registers.CopyTo(_bytes.Slice(32, 128));
        Top = 0;
        Tags = 0xFF;
    }

    /// <summary>As FNINIT leaves it, but for the registers, which it leaves alone.</summary>
    public void Initialize()
    {
        // The registers lie in the order of the stack, and its top becomes register 0.
        EnterMmx();
        Control = InitialControl;
        Status = 0;
        Tags = 0;
        Opcode = 0;
        InstructionPointer = 0;
        DataPointer = 0;
    }
}
