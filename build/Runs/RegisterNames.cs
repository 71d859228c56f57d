namespace Build.Runs;

/// <summary>What a register is called that an alert names by its number.</summary>
public static class RegisterNames
{
    public static string Of(string register) => register switch
    {
        "0xc0000080" => "EFER",
        "0xc0000081" => "STAR",
        "0xc0000082" => "LSTAR",
        "0xc0000083" => "CSTAR",
        "0xc0000084" => "SFMASK",
        "0x174" => "SYSENTER_CS",
        "0x175" => "SYSENTER_ESP",
        "0x176" => "SYSENTER_EIP",
        _ => register,
    };
}
