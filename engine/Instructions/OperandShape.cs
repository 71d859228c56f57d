using System.Numerics;
using Iced.Intel;

namespace Engine.Instructions;

/// <summary>
/// What of an instruction's memory operands does not depend on registers; kept with the decoded instruction, 12 bytes. For a plain
/// operand, all that its address takes but the displacement.
/// </summary>
internal struct OperandShape
{
    /// <summary>Number of no register.</summary>
    public const byte NoRegister = 16;

    /// <summary>How operands are found.</summary>
    public OperandForm Form;

    /// <summary>Of a plain operand: what is done with it.</summary>
    public OperandAccess Access;

    /// <summary>Of a plain operand: what it is.</summary>
    public OperandKind Kind;

    /// <summary>Of a plain operand: bytes of its address.</summary>
    public byte AddressSize;

    /// <summary>Of a plain operand: its bytes.</summary>
    public ushort Size;

    /// <summary>Whether the address of a plain operand is that of registers of <see cref="AddressSize"/> bytes, and so can be had
    /// without the decoder's value; in 64-bit code.</summary>
    public bool IsSimple;

    /// <summary>Numbers of base and index in the order of the encoding; 16: none.</summary>
    public byte Base;

    /// <summary>See <see cref="Base"/>.</summary>
    public byte Index;

    /// <summary>Shift of the index.</summary>
    public byte Scale;

    /// <summary>Registers that the address takes, one bit each, as in PushedMask.</summary>
    public ushort Needed;

    /// <summary>Looks at an instruction.</summary>
    public static OperandShape Of(in Instruction instruction, InstructionInfoFactory factory)
    {
        OperandShape shape = new() { Form = OperandForm.Listed };
        if (OperandLister.IsSpecial(in instruction))
            return shape;

        InstructionInfo info = factory.GetInfo(in instruction, InstructionInfoOptions.NoRegisterUsage);
        int count = 0;
        foreach (UsedMemory used in info.GetUsedMemory())
        {
            shape.Access = ToAccess(used.Access);
            count++;
        }

        if (count == 0)
        {
            shape.Form = OperandForm.None;
            return shape;
        }

        int size = instruction.MemorySize.GetSize();
        int addressSize = OperandAddressing.AddressSize(in instruction);
        if (count == 1 && size != 0 && addressSize != 0 && HasMemoryOperand(in instruction))
            shape.SetPlain(in instruction, size, addressSize);
        return shape;
    }

    /// <summary>The decoder's word for what is done with an operand.</summary>
    public static OperandAccess ToAccess(OpAccess access) => access switch
    {
        OpAccess.Read => OperandAccess.Read,
        OpAccess.CondRead => OperandAccess.Read | OperandAccess.Conditional,
        OpAccess.Write => OperandAccess.Write,
        OpAccess.CondWrite => OperandAccess.Write | OperandAccess.Conditional,
        OpAccess.ReadWrite => OperandAccess.ReadWrite,
        OpAccess.ReadCondWrite => OperandAccess.ReadWrite | OperandAccess.Conditional,
        _ => OperandAccess.None,
    };

    /// <summary>Kind of an operand that the instruction names.</summary>
    public static OperandKind KindOf(Mnemonic mnemonic) => mnemonic switch
    {
        Mnemonic.Lgdt or Mnemonic.Lidt or Mnemonic.Sgdt or Mnemonic.Sidt => OperandKind.Table,
        Mnemonic.Fxsave or Mnemonic.Fxsave64 or Mnemonic.Fxrstor or Mnemonic.Fxrstor64 or Mnemonic.Fnsave or Mnemonic.Frstor or
            Mnemonic.Fnstenv or Mnemonic.Fldenv => OperandKind.SaveArea,
        Mnemonic.Rstorssp or Mnemonic.Clrssbsy or Mnemonic.Wrssd or Mnemonic.Wrssq or Mnemonic.Wrussd or Mnemonic.Wrussq =>
            OperandKind.ShadowStack,
        _ => OperandKind.Ordinary,
    };

    private static bool HasMemoryOperand(in Instruction instruction)
    {
        for (int i = 0; i < instruction.OpCount; i++)
        {
            if (instruction.GetOpKind(i) == OpKind.Memory)
                return true;
        }

        return false;
    }

    private void SetPlain(in Instruction instruction, int size, int addressSize)
    {
        Form = OperandForm.Plain;
        Kind = KindOf(instruction.Mnemonic);
        Size = (ushort)size;
        AddressSize = (byte)addressSize;
        Base = NumberOf(instruction.MemoryBase);
        Index = NumberOf(instruction.MemoryIndex);
        Scale = (byte)BitOperations.Log2((uint)instruction.MemoryIndexScale);
        IsSimple = instruction.CodeSize == CodeSize.Code64 && instruction.MemorySegment < Register.FS &&
            IsOfSize(instruction.MemoryBase, addressSize) && IsOfSize(instruction.MemoryIndex, addressSize);
        Needed = (ushort)((1 << Base) | (1 << Index));

        // What the processor writes back when the comparison fails is still a store (SDM 2A, CMPXCHG).
        if (instruction.Mnemonic is Mnemonic.Cmpxchg or Mnemonic.Cmpxchg8b or Mnemonic.Cmpxchg16b)
            Access = OperandAccess.ReadWrite;
    }

    private static byte NumberOf(Register register) =>
        register.IsGPR() ? (byte)(register.GetFullRegister() - Register.RAX) : NoRegister;

    private static bool IsOfSize(Register register, int size) =>
        register is Register.None or Register.RIP or Register.EIP || register.GetSize() == size;
}
