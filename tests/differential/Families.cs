using Iced.Intel;

namespace Tests.Differential;

/// <summary>Names of the families of instructions, for counts.</summary>
internal static class Families
{
    public static string Of(Code code) => code.Mnemonic() switch
    {
        Mnemonic.Mov or Mnemonic.Movnti or Mnemonic.Movbe or Mnemonic.Movdiri => "mov",
        Mnemonic.Add or Mnemonic.Adc or Mnemonic.Sub or Mnemonic.Sbb or Mnemonic.And or Mnemonic.Or or Mnemonic.Xor => "arithmetic",
        Mnemonic.Not or Mnemonic.Neg or Mnemonic.Inc or Mnemonic.Dec => "unary",
        Mnemonic.Bts or Mnemonic.Btr or Mnemonic.Btc => "bits",
        Mnemonic.Shl or Mnemonic.Sal or Mnemonic.Shr or Mnemonic.Sar => "shifts",
        Mnemonic.Rol or Mnemonic.Ror or Mnemonic.Rcl or Mnemonic.Rcr => "rotates",
        Mnemonic.Shld or Mnemonic.Shrd => "double shifts",
        Mnemonic.Xchg or Mnemonic.Xadd or Mnemonic.Cmpxchg => "exchanges",
        Mnemonic.Cmpxchg8b or Mnemonic.Cmpxchg16b => "wide exchanges",
        Mnemonic.Stosb or Mnemonic.Stosw or Mnemonic.Stosd or Mnemonic.Stosq or Mnemonic.Movsb or Mnemonic.Movsw or
            Mnemonic.Movsq => "strings",
        Mnemonic.Movsd => code == Code.Movsd_m32_m32 ? "strings" : "vector moves",
        Mnemonic.Push or Mnemonic.Pusha or Mnemonic.Pushad or Mnemonic.Pushf or Mnemonic.Pushfd or Mnemonic.Pushfq or
            Mnemonic.Pop => "stack",
        Mnemonic.Call or Mnemonic.Enter => "frames",
        Mnemonic.Pextrb or Mnemonic.Pextrw or Mnemonic.Pextrd or Mnemonic.Pextrq or Mnemonic.Extractps or Mnemonic.Vpextrb or
            Mnemonic.Vpextrw or Mnemonic.Vpextrd or Mnemonic.Vpextrq or Mnemonic.Vextractps or Mnemonic.Vextractf128 or
            Mnemonic.Vextracti128 => "extracts",
        Mnemonic.Maskmovdqu or Mnemonic.Vmaskmovdqu or Mnemonic.Vmaskmovps or Mnemonic.Vmaskmovpd or Mnemonic.Vpmaskmovd or
            Mnemonic.Vpmaskmovq => "masked",
        _ => code.ConditionCode() != ConditionCode.None ? "setcc" : "vector moves",
    };
}
