/// Messages of classic groups: who is in them.
///
/// Made and written as `GoldenMessages` are.
enum GoldenGroups {
  static let text = #"""
    FindCoordinatorRequest 0
      0008c5bd69c5be6b6f76
    ="Žižkov",0,[0
    FindCoordinatorRequest 1
      0008c5bd69c5be6b6f7675
    ="Žižkov",117,[0
    FindCoordinatorRequest 2
      0008c5bd69c5be6b6f767f
    ="Žižkov",127,[0
    FindCoordinatorRequest 3
      09c5bd69c5be6b6f761900
    ="Žižkov",25,[0
    FindCoordinatorRequest 4
      f003076f7264657273056e2d363400
    ="",-16,[2,"orders","n-64"
    FindCoordinatorRequest 5
      dd03076f7264657273076f726465727300
    ="",-35,[2,"orders","orders"
    FindCoordinatorRequest 6
      cd03076f726465727309c5bd69c5be6b6f7600
    ="",-51,[2,"orders","Žižkov"
    FindCoordinatorResponse 0
      006ea55f58ad0008c5bd69c5be6b6f76ffffffff
    =0,110,~,-1520478035,"Žižkov",-1,[0
    FindCoordinatorResponse 1
      4980ec0e004a00066f7264657273ffffffff00046e2d393000000000
    =1233185806,74,"orders",-1,"n-90",0,[0
    FindCoordinatorResponse 2
      f1c40eab000f00066f72646572731ae354410008c5bd69c5be6b6f769ab136d3
    =-238809429,15,"orders",451105857,"Žižkov",-1699662125,[0
    FindCoordinatorResponse 3
      94dc9047004a09c5bd69c5be6b6f76368044e509c5bd69c5be6b6f765e36ace500
    =-1797484473,74,"Žižkov",914375909,"Žižkov",1580641509,[0
    FindCoordinatorResponse 4
      6881539c0309c5bd69c5be6b6f767fffffff01602d4f19001b076f726465727300056e2d3231ffffffff056e2d36
      3762db8dd1000f076f72646572730000
    =1753306012,0,~,0,"",0,[2,"Žižkov",2147483647,"",1613582105,27,"orders","n-21",-1,"n-67",1658
    =555857,15,"orders"
    FindCoordinatorResponse 5
      00000000020171be4b05076f72646572732061524a006409c5bd69c5be6b6f760000
    =0,0,~,0,"",0,[1,"",1908296453,"orders",543248970,100,"Žižkov"
    FindCoordinatorResponse 6
      e22a510003056e2d353925963133056e2d373340e88074001009c5bd69c5be6b6f760009c5bd69c5be6b6f76d021
      44b9017fffffffffff000000
    =-500543232,0,~,0,"",0,[2,"n-59",630599987,"n-73",1088979060,16,"Žižkov","Žižkov",-803126087,
    ="",2147483647,-1,~
    JoinGroupRequest 0
      000161371bec7e0008c5bd69c5be6b6f760008c5bd69c5be6b6f760000000100046e2d323000000000
    ="a",924576894,-1,"Žižkov",~,"Žižkov",[1,"n-20",#,~
    JoinGroupRequest 1
      00066f726465727375e6421dd111ba2900046e2d3632000161000000020008c5bd69c5be6b6f7600000000000000
      000000
    ="orders",1978024477,-787367383,"n-62",~,"a",[2,"Žižkov",#,"",#,~
    JoinGroupRequest 2
      0008c5bd69c5be6b6f76100fbb4fffffffff00066f7264657273000161000000020008c5bd69c5be6b6f76000000
      01bd00066f726465727300000001b6
    ="Žižkov",269466447,-1,"orders",~,"a",[2,"Žižkov",#bd,"orders",#b6,~
    JoinGroupRequest 3
      000009119bec36d7e7140008c5bd69c5be6b6f760008c5bd69c5be6b6f76000000010008c5bd69c5be6b6f760000
      00055952882ba4
    ="",152148972,920119060,"Žižkov",~,"Žižkov",[1,"Žižkov",#5952882ba4,~
    JoinGroupRequest 4
      00046e2d3938ffffffff05ae0c3a00066f72646572730008c5bd69c5be6b6f760000000200036e2d360000000108
      0001610000000590f8df959d
    ="n-98",-1,95292474,"orders",~,"Žižkov",[2,"n-6",#08,"a",#90f8df959d,~
    JoinGroupRequest 5
      0001613a23b4a5096f01200008c5bd69c5be6b6f760008c5bd69c5be6b6f760008c5bd69c5be6b6f760000000100
      08c5bd69c5be6b6f760000000114
    ="a",975418533,158269728,"Žižkov","Žižkov","Žižkov",[1,"Žižkov",#14,~
    JoinGroupRequest 6
      076f7264657273444df234c5560191076f7264657273056e2d3531076f72646572730309c5bd69c5be6b6f760610
      9b693bfe00056e2d363202100000
    ="orders",1145958964,-984219247,"orders","n-51","orders",[2,"Žižkov",#109b693bfe,"n-62",#10,~
    JoinGroupRequest 7
      09c5bd69c5be6b6f7600000000ffffffff076f7264657273076f7264657273026102076f726465727302970000
    ="Žižkov",0,-1,"orders","orders","a",[1,"orders",#97,~
    JoinGroupRequest 8
      076f7264657273287c4f43ffffffff01056e2d3935076f72646572730309c5bd69c5be6b6f7606a41503bc700001
      010009c5bd69c5be6b6f7600
    ="orders",679235395,-1,"","n-95","orders",[2,"Žižkov",#a41503bc70,"",#,"Žižkov"
    JoinGroupRequest 9
      09c5bd69c5be6b6f768000000000000000076f72646572730001030106b449e2c4550009c5bd69c5be6b6f760100
      076f726465727300
    ="Žižkov",-2147483648,0,"orders",~,"",[2,"",#b449e2c455,"Žižkov",#,"orders"
    JoinGroupResponse 0
      00039d47f5310001610008c5bd69c5be6b6f76000161000000020008c5bd69c5be6b6f7600000000000000000005
      af9dcc31b1
    =0,3,-1656228559,~,"a","Žižkov",false,"a",[2,"Žižkov",~,#,"",~,#af9dcc31b1
    JoinGroupResponse 1
      00718000000000066f726465727300066f726465727300046e2d3839000000010008c5bd69c5be6b6f7600000000
    =0,113,-2147483648,~,"orders","orders",false,"n-89",[1,"Žižkov",~,#
    JoinGroupResponse 2
      7fffffff002ac57ee0680001610008c5bd69c5be6b6f7600046e2d39340000000200046e2d37390000000000046e
      2d363600000005713dc21359
    =2147483647,42,-981540760,~,"a","Žižkov",false,"n-94",[2,"n-79",~,#,"n-66",~,#713dc21359
    JoinGroupResponse 3
      8280dc32001bcf16f2e400016100016100036e2d300000000200046e2d343300000001f10008c5bd69c5be6b6f76
      00000005f6764ed400
    =-2105484238,27,-820579612,~,"a","a",false,"n-0",[2,"n-43",~,#f1,"Žižkov",~,#f6764ed400
    JoinGroupResponse 4
      7fffffff0019ce37ba370008c5bd69c5be6b6f760008c5bd69c5be6b6f760008c5bd69c5be6b6f76000000020006
      6f72646572730000000000046e2d353700000005d8d176510a
    =2147483647,25,-835208649,~,"Žižkov","Žižkov",false,"Žižkov",[2,"orders",~,#,"n-57",~,#d8d176
    =510a
    JoinGroupResponse 5
      09953d93001bde49710a0008c5bd69c5be6b6f7600046e2d3239000161000000010008c5bd69c5be6b6f76000000
      000005f01a1789c7
    =160775571,27,-565612278,~,"Žižkov","n-29",false,"a",[1,"Žižkov","",#f01a1789c7
    JoinGroupResponse 6
      3c4af4edffff004470d7056e2d323309c5bd69c5be6b6f76026103076f72646572730002e60001076f7264657273
      022b0000
    =1011545325,-1,4485335,~,"n-23","Žižkov",false,"a",[2,"orders",~,#e6,"","orders",#2b
    JoinGroupResponse 7
      5b7e43350010dce1c6e4056e2d3730076f72646572730261056e2d313303076f726465727301062f8967bf7b0007
      6f7264657273056e2d3332010000
    =1535001397,16,-589183260,"n-70","orders","a",false,"n-13",[2,"orders","",#2f8967bf7b,"orders
    =","n-32",#
    JoinGroupResponse 8
      dfd45c090064ff7d7ab4056e2d3439026109c5bd69c5be6b6f76076f72646572730209c5bd69c5be6b6f7609c5bd
      69c5be6b6f760651f2f67b380000
    =-539730935,100,-8553804,"n-49","a","Žižkov",false,"orders",[1,"Žižkov","Žižkov",#51f2f67b38
    JoinGroupResponse 9
      2f86643c0019ffffffff056e2d323400076f726465727301076f7264657273030261076f726465727302f400076f
      7264657273056e2d383706398200afcb0000
    =797336636,25,-1,"n-24",~,"orders",true,"orders",[2,"a","orders",#f4,"orders","n-87",#398200a
    =fcb
    SyncGroupRequest 0
      0000300e1fc600046e2d323600000002000161000000056b65c757bc0008c5bd69c5be6b6f76000000057eef0fbe
      73
    ="",806232006,"n-26",~,~,~,[2,"a",#6b65c757bc,"Žižkov",#7eef0fbe73
    SyncGroupRequest 1
      00066f72646572730b859f1100046e2d3331000000020008c5bd69c5be6b6f7600000000000161000000050519ca
      d14f
    ="orders",193306385,"n-31",~,~,~,[2,"Žižkov",#,"a",#0519cad14f
    SyncGroupRequest 2
      0008c5bd69c5be6b6f764b2c010800046e2d31330000000200066f7264657273000000000008c5bd69c5be6b6f76
      00000001b7
    ="Žižkov",1261175048,"n-13",~,~,~,[2,"orders",#,"Žižkov",#b7
    SyncGroupRequest 3
      00046e2d31351f67f62700066f72646572730008c5bd69c5be6b6f7600000002000161000000056384c3de910008
      c5bd69c5be6b6f76000000057552855d17
    ="n-15",526906919,"orders","Žižkov",~,~,[2,"a",#6384c3de91,"Žižkov",#7552855d17
    SyncGroupRequest 4
      056e2d38369eb361fc076f726465727309c5bd69c5be6b6f760209c5bd69c5be6b6f76024a0000
    ="n-86",-1632411140,"orders","Žižkov",~,~,[1,"Žižkov",#4a
    SyncGroupRequest 5
      076f72646572732fafbcb6056e2d3537076f7264657273000003056e2d313102ce00026102e20000
    ="orders",800046262,"n-57","orders",~,~,[2,"n-11",#ce,"a",#e2
    SyncGroupResponse 0
      000300000005614c5cc3da
    =0,3,~,~,#614c5cc3da
    SyncGroupResponse 1
      b31a96e7000f00000005e075367d28
    =-1290103065,15,~,~,#e075367d28
    SyncGroupResponse 2
      00000001000300000005124e3957cd
    =1,3,~,~,#124e3957cd
    SyncGroupResponse 3
      70d95f9b00000000008264a9d7723e353f366702aafb48d446968fe2413af5fc3d9505dd93d32a940c12cdfebe2c
      c6ae1b42aea0d6efacfaa3ee553067c5cb724a95559e12d94111fb2599a4b59ea533682526c7d6bf8885c91eb4e1
      4e6621b5faed4b283c994ac7ccb9deb23ced7a4258e634c008cbc5154d0c877f32f3695e05c2d4e145fda3ae4d58
      197b
    =1893293979,0,~,~,#64a9d7723e353f366702aafb48d446968fe2413af5fc3d9505dd93d32a940c12cdfebe2cc6
    =ae1b42aea0d6efacfaa3ee553067c5cb724a95559e12d94111fb2599a4b59ea533682526c7d6bf8885c91eb4e14e
    =6621b5faed4b283c994ac7ccb9deb23ced7a4258e634c008cbc5154d0c877f32f3695e05c2d4e145fda3ae4d5819
    =7b
    SyncGroupResponse 4
      808f0b7700000690073d953000
    =-2138109065,0,~,~,#90073d9530
    SyncGroupResponse 5
      649d7af7006e80017878787878787878787878787878787878787878787878787878787878787878787878787878
      78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878
      787878787878787878787878787878787878787878787878787878787878787878787878787878787878780006e7
      788ebfd400
    =1688042231,110,"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    =xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",~,#e7788ebfd4
    HeartbeatRequest 0
      0008c5bd69c5be6b6f76000000010008c5bd69c5be6b6f76
    ="Žižkov",1,"Žižkov",~
    HeartbeatRequest 1
      0008c5bd69c5be6b6f761bca2dde0008c5bd69c5be6b6f76
    ="Žižkov",466234846,"Žižkov",~
    HeartbeatRequest 2
      007f7878787878787878787878787878787878787878787878787878787878787878787878787878787878787878
      78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878
      78787878787878787878787878787878787878787878787878787878787878787878787878eb15941c0008c5bd69
      c5be6b6f76
    ="xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    =xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",-350907364,"Žižkov",~
    HeartbeatRequest 3
      00066f7264657273fa85d4ce0008c5bd69c5be6b6f7600066f7264657273
    ="orders",-91892530,"Žižkov","orders"
    HeartbeatRequest 4
      09c5bd69c5be6b6f765fd28ee409c5bd69c5be6b6f7609c5bd69c5be6b6f7600
    ="Žižkov",1607634660,"Žižkov","Žižkov"
    HeartbeatResponse 0
      002a
    =0,42
    HeartbeatResponse 1
      66573ac0002a
    =1716992704,42
    HeartbeatResponse 2
      00000000000f
    =0,15
    HeartbeatResponse 3
      8bee58d1ffff
    =-1947313967,-1
    HeartbeatResponse 4
      00000001004a00
    =1,74
    LeaveGroupRequest 0
      00046e2d383900066f7264657273
    ="n-89","orders",[0
    LeaveGroupRequest 1
      00066f72646572730008c5bd69c5be6b6f76
    ="orders","Žižkov",[0
    LeaveGroupRequest 2
      00046e2d343900066f7264657273
    ="n-49","orders",[0
    LeaveGroupRequest 3
      0008c5bd69c5be6b6f76000000010008c5bd69c5be6b6f7600046e2d3235
    ="Žižkov","",[1,"Žižkov","n-25",~
    LeaveGroupRequest 4
      076f72646572730209c5bd69c5be6b6f76056e2d33360000
    ="orders","",[1,"Žižkov","n-36",~
    LeaveGroupRequest 5
      056e2d33330302610261010001076f726465727309c5bd69c5be6b6f760000
    ="n-33","",[2,"a","a","","","orders","Žižkov"
    LeaveGroupResponse 0
      0000
    =0,0,[0
    LeaveGroupResponse 1
      ffffffff0019
    =-1,25,[0
    LeaveGroupResponse 2
      e03922f3001b
    =-533126413,27,[0
    LeaveGroupResponse 3
      ffffffff002a000000020008c5bd69c5be6b6f760008c5bd69c5be6b6f76006e00000008c5bd69c5be6b6f760000
    =-1,42,[2,"Žižkov","Žižkov",110,"","Žižkov",0
    LeaveGroupResponse 4
      00000001006403010000000009c5bd69c5be6b6f760261006e0000
    =1,100,[2,"",~,0,"Žižkov","a",110
    LeaveGroupResponse 5
      bb4ea740001b02026180017878787878787878787878787878787878787878787878787878787878787878787878
      78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878
      78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878
      001b0000
    =-1152473280,27,[1,"a","xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    =xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",27
    """#
}
