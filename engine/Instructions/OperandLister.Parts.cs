using Iced.Intel;

namespace Engine.Instructions;

/// <content>Which instructions have a part of their own.</content>
internal unsafe ref partial struct OperandLister
{
    /// <summary>The part that an instruction belongs to by its mnemonic.</summary>
    public static OperandPart PartOf(in Instruction instruction)
    {
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Push or Mnemonic.Pusha or Mnemonic.Pushad or Mnemonic.Pushf or Mnemonic.Pushfd or Mnemonic.Pushfq or
                Mnemonic.Pop or Mnemonic.Popa or Mnemonic.Popad or Mnemonic.Popf or Mnemonic.Popfd or Mnemonic.Popfq or
                Mnemonic.Enter or Mnemonic.Leave:
                return OperandPart.Stack;
            case Mnemonic.Call or Mnemonic.Ret or Mnemonic.Retf or Mnemonic.Iret or Mnemonic.Iretd or Mnemonic.Iretq or
                Mnemonic.Int or Mnemonic.Int1 or Mnemonic.Int3 or Mnemonic.Into:
                return OperandPart.Transfer;
            case Mnemonic.Bt or Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc:
                return instruction.Op0Kind == OpKind.Memory && instruction.Op1Kind == OpKind.Register ? OperandPart.Bits : OperandPart.Tables;
            case Mnemonic.Xsave or Mnemonic.Xsave64 or Mnemonic.Xsaveopt or Mnemonic.Xsaveopt64 or Mnemonic.Xsavec or
                Mnemonic.Xsavec64 or Mnemonic.Xsaves or Mnemonic.Xsaves64 or Mnemonic.Xrstor or Mnemonic.Xrstor64 or
                Mnemonic.Xrstors or Mnemonic.Xrstors64:
                return OperandPart.SaveArea;
            case Mnemonic.Maskmovq or Mnemonic.Maskmovdqu or Mnemonic.Vmaskmovdqu or Mnemonic.Vmaskmovps or Mnemonic.Vmaskmovpd or
                Mnemonic.Vpmaskmovd or Mnemonic.Vpmaskmovq:
                return OperandPart.Mask;
            case Mnemonic.Tileloadd or Mnemonic.Tileloaddt1 or Mnemonic.Tilestored:
                return OperandPart.Tile;
            case Mnemonic.Movdir64b or Mnemonic.Enqcmd or Mnemonic.Enqcmds or Mnemonic.Clflush or Mnemonic.Clflushopt or Mnemonic.Clwb or
                Mnemonic.Clzero or Mnemonic.Monitor or Mnemonic.Monitorx or Mnemonic.Vmrun or Mnemonic.Vmload or Mnemonic.Vmsave or
                Mnemonic.Skinit or Mnemonic.Bndldx or Mnemonic.Bndstx or Mnemonic.Lwpins or Mnemonic.Lwpval or Mnemonic.Encls or
                Mnemonic.Enclu or Mnemonic.Enclv or Mnemonic.Getsec or Mnemonic.Pconfig or Mnemonic.Senduipi or Mnemonic.Rsm or
                Mnemonic.Loadall or Mnemonic.Vmlaunch or Mnemonic.Vmresume or Mnemonic.Incsspd or Mnemonic.Incsspq or
                Mnemonic.Saveprevssp or Mnemonic.Setssbsy:
                return OperandPart.System;
            default:
                return OperandPart.Tables;
        }
    }
}
