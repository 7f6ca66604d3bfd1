print("moldau")
